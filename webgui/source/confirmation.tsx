/** Asks before anything is destroyed. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button does, such as `Remove 3 keys`. */
  readonly action: string;
  readonly answer: (isConfirmed: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

export function confirmed(title: string, text: string, action: string): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      title,
      text,
      action,
      answer: (isConfirmed) => {
        question.value = undefined;
        resolve(isConfirmed);
      },
    };
  });
}

export function Confirmation() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked !== undefined) dialog.current?.showModal();
  }, [asked]);
  if (asked === undefined) return null;
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={() => asked.answer(false)}>
      <h2 id="question">{asked.title}</h2>
      <p>{asked.text}</p>
      <div class="buttons">
        <button type="button" autofocus onClick={() => asked.answer(false)}>Keep</button>
        <button type="button" class="danger" onClick={() => asked.answer(true)}>{asked.action}</button>
      </div>
    </dialog>
  );
}
