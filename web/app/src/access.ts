// Who we are, what we may listen to, and how to log in and out.

import { isObject } from "./protocol";
import { reasonOf } from "./stream";

export interface Channel {
  name: string;
  topics: readonly string[];
  allowed: boolean;
  /** Why not, for people. */
  reason: string;
}

export interface Me {
  user: string;
  roles: readonly string[];
  channels: readonly Channel[];
  /** Why a token or session that was shown is not valid; "" if none was, or it is. */
  reason: string;
}

/** readMe checks what /v1/me answered. */
export function readMe(body: unknown): Me {
  const b = isObject(body) ? body : {};
  const channels = Array.isArray(b.channels) ? b.channels : [];
  return {
    user: typeof b.user === "string" ? b.user : "",
    reason: typeof b.reason === "string" ? b.reason : "",
    roles: Array.isArray(b.roles) ? b.roles.filter((r) => typeof r === "string") : [],
    channels: channels.filter(isObject).map((c) => ({
      name: String(c.name ?? ""),
      topics: Array.isArray(c.topics) ? c.topics.map(topicName) : [],
      allowed: c.allowed === true,
      reason: typeof c.reason === "string" ? c.reason : "",
    })),
  };
}

/** topicName: a topic may be given as an object when the channel renames its events. */
function topicName(t: unknown): string {
  return isObject(t) ? String(t.topic ?? "") : String(t);
}

const placeholder = "{router}";

/** fleetChannels picks as few allowed channels as carry the topics of the list, and for admins how the server does. */
export function fleetChannels(me: Me): string[] {
  const usable = me.channels.filter((c) => c.allowed && !c.name.includes(placeholder));
  const fleet = pick(usable, ["router.live", "router.status", "dashboard.stats"]);
  return fleet.length === 0
    ? fleet
    : pick(usable, ["router.live", "router.status", "dashboard.stats", "pipeline.health"]);
}

/** routerChannel is the channel for one router's interfaces; null if none is open to us. */
export function routerChannel(me: Me, router: string): string | null {
  const carrying = me.channels.filter((c) => c.allowed && c.topics.includes("router.interfaces"));
  const own = carrying.find((c) => c.name.includes(placeholder));
  const channel = carrying.find((c) => !c.name.includes(placeholder)) ?? own;
  return channel ? channel.name.replaceAll(placeholder, router) : null;
}

/** whyNot is the reason why nobody here may listen to a topic. */
export function whyNot(me: Me, topic: string): string {
  const carrying = me.channels.filter((c) => c.topics.includes(topic));
  if (carrying.length === 0) return `no channel carries ${topic}`;
  return carrying.map((c) => `${c.name}: ${c.reason || "not allowed"}`).join("; ");
}

/** locked lists what another identity could see. */
export function locked(me: Me): Channel[] {
  return me.channels.filter((c) => !c.allowed);
}

function pick(channels: readonly Channel[], topics: readonly string[]): string[] {
  const picked: Channel[] = [];
  for (const topic of topics) {
    if (picked.some((c) => c.topics.includes(topic))) continue;
    const best = channels
      .filter((c) => c.topics.includes(topic))
      .sort((a, b) => wanted(b, topics) - wanted(a, topics))[0];
    if (best) picked.push(best);
  }
  return picked.map((c) => c.name);
}

function wanted(c: Channel, topics: readonly string[]): number {
  return topics.filter((t) => c.topics.includes(t)).length;
}

/** Api is the server's side of access, as the page uses it. */
export class Api {
  constructor(
    private readonly base: string,
    private readonly fetch: (url: string, init?: RequestInit) => Promise<Response>,
  ) {}

  /** me asks who we are. skew is local time minus the server's, in ms, to the second. */
  async me(): Promise<{ me: Me; skew: number | null }> {
    const answer = await this.fetch(`${this.base}v1/me`, { cache: "no-store" });
    if (!answer.ok) throw new Error((await reasonOf(answer)) || `the server answered ${answer.status}`);
    const date = Date.parse(answer.headers.get("Date") ?? "");
    return { me: readMe(await answer.json()), skew: Number.isNaN(date) ? null : Date.now() - date };
  }

  /**
   * login trades a token, or a user's password, for the session cookie; the text is why it was refused, "" if it was
   * not.
   */
  async login(secret: string, user = ""): Promise<string> {
    let answer: Response;
    try {
      answer = await this.fetch(`${this.base}v1/login`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(user === "" ? { token: secret } : { user, password: secret }),
      });
    } catch {
      return "The server cannot be reached.";
    }
    if (answer.ok) return "";
    const why = await reasonOf(answer);
    if (answer.status === 429) return why || "Too many attempts. Wait a minute and try again.";
    return why || (user === "" ? "This token is not valid." : "User or password is wrong.");
  }

  /** logout ends the session. */
  async logout(): Promise<void> {
    await this.fetch(`${this.base}v1/logout`, { method: "POST" });
  }
}
