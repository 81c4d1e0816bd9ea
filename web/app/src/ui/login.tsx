// Logging in with a token, or as a user with a password, as a page of its own or over the page that stays.

import { useEffect, useRef, useState } from "preact/hooks";
import { locked, type Me } from "../access";
import type { App } from "../app";
import { sentence } from "../format";

/** LoginCard is shown when nothing is open to us: with the reasons. */
export function LoginCard({ app, me }: { app: App; me: Me }) {
  return (
    <section class="card login">
      <h1>Log in</h1>
      <p>
        {me.user
          ? `You are ${me.user}, and none of the channels here is open to you.`
          : sentence(me.reason) || "Nothing here is open to everybody."}
      </p>
      <LoginForm app={app} />
      <Locked me={me} />
    </section>
  );
}

/** LoginDialog stands over the page, which stays as it is. */
export function LoginDialog({ app }: { app: App }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const why = app.loginFor.value;
  const open = why !== null;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  const close = () => {
    app.loginFor.value = null;
  };
  return (
    <dialog ref={dialog} class="login" aria-labelledby="login-title" onClose={close}>
      {open && (
        <>
          <h1 id="login-title">Log in</h1>
          {why && <p>{why}</p>}
          <LoginForm app={app} onCancel={close} />
          {app.me.value && <Locked me={app.me.value} />}
        </>
      )}
    </dialog>
  );
}

function LoginForm({ app, onCancel }: { app: App; onCancel?: () => void }) {
  const [user, setUser] = useState("");
  const [token, setToken] = useState("");
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    const refused = await (user.trim() === "" ? app.login(token.trim()) : app.login(token, user.trim()));
    setBusy(false);
    setWhy(refused);
  };
  return (
    <form onSubmit={(e) => void submit(e)}>
      <label for="user">User (empty with a token)</label>
      <input
        id="user"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        value={user}
        onInput={(e) => setUser(e.currentTarget.value)}
      />
      <label for="token">{user.trim() === "" ? "Token" : "Password"}</label>
      <input
        id="token"
        type="password"
        autocomplete="current-password"
        spellcheck={false}
        required
        aria-invalid={why !== ""}
        aria-describedby="token-help"
        value={token}
        onInput={(e) => setToken(e.currentTarget.value)}
      />
      {why && (
        <p class="refused" role="alert">
          {sentence(why)}
        </p>
      )}
      <p class="help" id="token-help">
        <code>routerpulse token</code> makes a token, <code>routerpulse hash-password</code> a user.{" "}
        <code>routerpulse demo</code> prints a link that logs you in.
      </p>
      <div class="buttons">
        <button type="submit" class="primary" disabled={busy || token.trim() === ""}>
          {busy ? "Checking…" : "Log in"}
        </button>
        {onCancel && (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}

/** Locked lists the channels that are closed, each with its reason. */
function Locked({ me }: { me: Me }) {
  const channels = locked(me);
  if (channels.length === 0) return null;
  return (
    <details class="locked" open={channels.length === me.channels.length}>
      <summary>
        {channels.length === 1 ? "1 channel is closed to you" : `${channels.length} channels are closed to you`}
      </summary>
      <dl>
        {channels.map((c) => (
          <div key={c.name}>
            <dt>{c.name}</dt>
            <dd>{c.reason || "not allowed"}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
