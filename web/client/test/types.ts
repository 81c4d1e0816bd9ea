// What a page in TypeScript writes; it is only compiled.

import Echo from "laravel-echo";
import { RouterPulse } from "../echo.js";
import { type Client, connect, type Row, type Status, type Subscription } from "../index.js";

const client: Client = connect({ url: "/pulse/", token: async () => "t", share: true });
const rows = new Map<string, Row>();
let last: Status | undefined;
const end: Subscription = client.subscribe(
  ["public-routers"],
  {
    rows: (list) => list.forEach((row) => (row.value ? rows.set(row.key, row) : rows.delete(row.key))),
    events: ([e]) => console.log(e?.event, e?.data.to),
    gaps: ([gap]) => console.log(gap?.lost),
    status: (status) => (last = status),
  },
  { router: ["core-1"], history: 20 },
);
client.retry();
end();
client.subscribe("public-routers", {}, { track: true, router: ["core-1"] }).track(["core-2"]);
client.close();
console.log(last);

const echo = new Echo<"function">({ broadcaster: RouterPulse, url: "/pulse/", bearerToken: "t" });
echo.private("router-status").listen(".router.status.changed", (e: { to: string }) => console.log(e.to));
const channel = new RouterPulse({ token: () => "t" }).channel("public-traidnet");
channel.listen("RouterLiveDataUpdated", (row) => console.log(row.cpu)).error(({ why }) => console.log(why));

// @ts-expect-error: a filter that there is not
client.subscribe("a", {}, { routers: [] });
