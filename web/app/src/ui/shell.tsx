// The frame around every view: header, connection, notices, login.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { locked } from "../access";
import type { App } from "../app";
import { age } from "../format";
import { describe } from "../link";
import { refusedConfig } from "../model";
import { Fleet } from "./fleet";
import { LoginCard, LoginDialog } from "./login";
import { Age } from "./parts";
import { RouterView } from "./router";

export function Shell({ app }: { app: App }) {
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: the hash is the state of the page, so the link only moves the focus */}
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header app={app} />
      <Notice app={app} />
      <ConfigRefused app={app} />
      <main id="main" tabIndex={-1}>
        <View app={app} />
      </main>
      <Trouble app={app} />
      <LoginDialog app={app} />
    </>
  );
}

/** The hash is the page's state, so this link must not change it. */
function skip(e: Event): void {
  e.preventDefault();
  document.getElementById("main")?.focus();
}

function View({ app }: { app: App }) {
  useScroll(app);
  const me = app.me.value;
  const open = me?.channels.some((c) => c.allowed && c.topics.includes("router.live")) ?? true;
  if (me && !open && app.fleet.value.tables.size === 0) return <LoginCard app={app} me={me} />;
  const route = app.route.value;
  return route.page === "router" ? (
    <RouterView app={app} route={route} key={route.name} />
  ) : (
    <Fleet app={app} route={route} />
  );
}

/** useScroll shows a router from its top, and the list again where it was left. */
function useScroll(app: App): void {
  const left = useRef(0);
  const first = useRef(true);
  const route = app.route.value;
  const router = route.page === "router" ? route.name : null;
  useEffect(() => {
    const scrolled = () => {
      if (app.route.value.page === "fleet") left.current = scrollY;
    };
    addEventListener("scroll", scrolled, { passive: true });
    return () => removeEventListener("scroll", scrolled);
  }, [app]);
  // Once for each page.
  useLayoutEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, router === null ? left.current : 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [router]);
}

function Header({ app }: { app: App }) {
  return (
    <header class="top">
      <a class="brand" href="#/">
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
          <path d="M2 17h7l3.4-9 5.6 17 4-11 1.6 3H30" />
        </svg>
        RouterPulse
      </a>
      <Connection app={app} />
      <Identity app={app} />
    </header>
  );
}

/** Connection is always there: what the link does, and how old the data is. */
function Connection({ app }: { app: App }) {
  const words = describe(app.link.value, app.now.value);
  const at = app.lastChange.value;
  return (
    <div class={`connection is-${words.tone}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{words.mark}</span>
      {at !== null && (
        <span class="connection-age" title="How long ago the last change came in">
          updated {age(Math.max(0, app.serverNow() - at) / 1000)} ago
        </span>
      )}
    </div>
  );
}

function Identity({ app }: { app: App }) {
  const me = app.me.value;
  if (!me) return <div class="identity" />;
  const more = app.link.value.kind === "locked" ? [] : locked(me);
  const ask = () => {
    app.loginFor.value = "";
  };
  return (
    <div class="identity">
      {me.user && (
        <span class="user" title={me.roles.join(", ")}>
          {me.user}
        </span>
      )}
      {me.user ? (
        <button type="button" class="link" onClick={() => void app.logout()}>
          Log out
        </button>
      ) : (
        more.length > 0 && (
          <button type="button" class="link" onClick={ask} title={`${more.length} channels need a login`}>
            Log in
          </button>
        )
      )}
    </div>
  );
}

function Notice({ app }: { app: App }) {
  const text = app.notice.value;
  if (!text) return null;
  const close = () => {
    app.notice.value = "";
  };
  return (
    <div class="notice" role="alert">
      <span>{text}</span>
      <button type="button" class="link" onClick={close}>
        Close
      </button>
    </div>
  );
}

/** ConfigRefused stays until a config is good again: what runs is not what the file says. */
function ConfigRefused({ app }: { app: App }) {
  const refused = refusedConfig(app.fleet.value);
  if (!refused) return null;
  const others = refused.more === 1 ? "1 more problem" : `${refused.more} more problems`;
  return (
    <section class="config-refused" role="alert" aria-label="The config was refused">
      <strong>The config has a mistake; the one before goes on.</strong>
      <code>{refused.problem}</code>
      <span class="config-refused-do">
        {refused.more > 0 && `${others}: `}
        <code>routerpulse check</code> shows {refused.more > 0 ? "all" : "it, too"}. Correct the file, and it is read
        again.
        {refused.at !== null && (
          <>
            {" "}
            Refused <Age app={app} at={refused.at} /> ago.
          </>
        )}
      </span>
    </section>
  );
}

/** Trouble explains a connection that is not live, at the bottom, where it moves nothing. */
function Trouble({ app }: { app: App }) {
  const link = app.link.value;
  const words = describe(link, app.now.value);
  if (!words.sentence || app.loginFor.value !== null) return null;
  const login = () => {
    app.loginFor.value = words.sentence;
  };
  return (
    <div class={`trouble is-${words.tone}`}>
      <span>{words.sentence}</span>
      {words.retry && (
        <button type="button" onClick={() => app.retryNow()}>
          Try now
        </button>
      )}
      {link.kind === "expired" && (
        <button type="button" onClick={login}>
          Log in
        </button>
      )}
    </div>
  );
}
