// The server's time, as far as the page can tell. Ages must be right on a machine whose clock is not.

/** Skew is how far the local clock is ahead of the server's, in ms. */
export class Skew {
  private best: number | null = null;

  /** guess sets a first value, good to a second (a Date header). */
  guess(ms: number): void {
    // The header is cut to whole seconds, so the skew is a half less on average.
    this.best ??= Math.abs(ms) < 2000 ? 0 : ms - 500;
  }

  /** begin forgets the old value when a connection is made: clocks get corrected. */
  begin(): void {
    this.fresh = true;
  }

  private fresh = true;

  /** observe takes a time of the server at the moment it arrived. The quickest frame is the nearest to the truth. */
  observe(serverTime: number, now: number): void {
    if (serverTime <= 0) return;
    const seen = now - serverTime;
    this.best = this.fresh || this.best === null ? seen : Math.min(this.best, seen);
    this.fresh = false;
  }

  /** serverNow is the server's time in ms at a local time. */
  serverNow(now: number): number {
    return now - (this.best ?? 0);
  }
}
