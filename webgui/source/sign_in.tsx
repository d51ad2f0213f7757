/** The way in: the token of the configuration, checked before it is kept. */
import { useState } from "preact/hooks";
import { askJson, explain } from "./api_client.ts";
import { access, keepToken, signOutReason } from "./session.ts";
import type { Overview } from "./tracker_facts.ts";

export function SignIn() {
  const [given, setGiven] = useState("");
  const [isRemembered, setRemembered] = useState(false);
  const [problem, setProblem] = useState(signOutReason.value);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const token = given.trim();
      const overview = await askJson<Overview>("/api/overview", { token: encodable(token) });
      access.value = overview.access;
      keepToken(token, isRemembered);
    } catch (error) {
      setProblem(explain(error));
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>denotrack</h1>
        <p>
          Sign in with the <code>api_key</code> of the configuration, or with <code>api_key_readonly</code>
          {" "}
          to look at things only.
        </p>
        <label>
          Token
          <input
            type="password"
            autocomplete="current-password"
            required
            autofocus
            value={given}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isRemembered}
            onChange={(event) => setRemembered(event.currentTarget.checked)}
          />
          Remember it in this browser
        </label>
        <p class="hint">Otherwise it is forgotten with this tab.</p>
        {problem !== "" && <p class="problem" role="alert">{problem}</p>}
        <button type="submit" class="main" disabled={isBusy}>{isBusy ? "Signing in…" : "Sign in"}</button>
      </form>
    </main>
  );
}

/** A header cannot carry every character; such a token is wrong in any case. */
function encodable(token: string): string {
  return /^[\x21-\x7e]+$/.test(token) ? token : "-";
}
