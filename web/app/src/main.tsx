import { render } from "preact";
import { App, type Page } from "./app";
import "./style/base.css";
import "./style/header.css";
import "./style/fleet.css";
import "./style/router.css";
import "./style/login.css";
import { Shell } from "./ui/shell";

/** No answer is an answer too, after a while. */
const patience = () => AbortSignal.timeout(20_000);

const page: Page = {
  base: new URL(".", document.baseURI).href,
  open: (url) => new EventSource(url),
  fetch: (url) => fetch(url, { cache: "no-store", headers: { Accept: "application/json" }, signal: patience() }),
  request: (url, init) => fetch(url, { signal: patience(), ...init }),
  now: () => Date.now(),
  random: () => Math.random(),
  online: () => navigator.onLine,
  // A hidden page draws no pictures, so the frames are taken in now and then.
  nextFrame: (f) => (document.hidden ? setTimeout(f, 1000) : requestAnimationFrame(f)),
  go: (hash, replace) => (replace ? history.replaceState(null, "", hash) : history.pushState(null, "", hash)),
};

const app = new App(page);

if (new URLSearchParams(location.search).get("login") === "expired") {
  app.notice.value = "That login link was used already, or it is too old. Log in with a token, or get a new link.";
  history.replaceState(null, "", location.pathname + location.hash);
}

// The page changes after the address, so that the browser would scroll what is about to go.
history.scrollRestoration = "manual";
app.routed(location.hash);
// Back and a link change the hash; popstate comes for both.
addEventListener("popstate", () => app.routed(location.hash));
document.addEventListener("visibilitychange", () => (document.hidden ? app.hidden() : app.seen()));
addEventListener("online", () => app.backOnline());
setInterval(() => {
  app.now.value = Date.now();
}, 1000);

const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Shell app={app} />, root);
}
void app.connect();
