/** Forward and back through pages that are too many to count. */

interface PagerProps {
  /** From 0. */
  readonly page: number;
  readonly hasNext: boolean;
  readonly isLoading: boolean;
  readonly turn: (page: number) => void;
}

export function Pager({ page, hasNext, isLoading, turn }: PagerProps) {
  if (page === 0 && !hasNext) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={page === 0 || isLoading} onClick={() => turn(page - 1)}>
        Previous
      </button>
      <span aria-live="polite">Page {page + 1}</span>
      <button type="button" disabled={!hasNext || isLoading} onClick={() => turn(page + 1)}>Next</button>
    </nav>
  );
}
