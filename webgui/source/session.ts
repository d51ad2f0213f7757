/** Who is signed in: the token, kept for the tab or remembered by choice, and what it is good for. */
import { signal } from "@preact/signals";

const STORED_TOKEN = "denotrack token";

/** "" while nobody is signed in. */
export const token = signal(stored());

/** What the token is good for; `undefined` until the tracker has told. */
export const access = signal<"full" | "read" | undefined>(undefined);

/** Why the sign-in page is shown again, "" for no particular reason. */
export const signOutReason = signal("");

export function keepToken(given: string, isRemembered: boolean): void {
  forget();
  try {
    (isRemembered ? localStorage : sessionStorage).setItem(STORED_TOKEN, given);
  } catch {
    // A browser that keeps nothing: it is good until the page is left.
  }
  signOutReason.value = "";
  token.value = given;
}

export function signOut(reason = ""): void {
  forget();
  signOutReason.value = reason;
  access.value = undefined;
  token.value = "";
}

function stored(): string {
  try {
    return sessionStorage.getItem(STORED_TOKEN) ?? localStorage.getItem(STORED_TOKEN) ?? "";
  } catch {
    return "";
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(STORED_TOKEN);
    localStorage.removeItem(STORED_TOKEN);
  } catch {
    // Nothing is kept, so there is nothing to forget.
  }
}
