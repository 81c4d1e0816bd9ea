// The SharedWorker: one for all tabs of a browser. It tells each the name of the channel to talk over.

import { lead } from "./hub.js";

const name = `routerpulse ${Math.random()}`;
lead(name);

addEventListener("connect", (e) => e.ports[0].postMessage(name));
