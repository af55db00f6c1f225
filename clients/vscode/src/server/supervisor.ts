/**
 * Starts, stops and restarts the server, so that at most one transition is under way and at most one is waiting.
 *
 * Settings, the key and the user all ask for restarts, often several times within a second. Each wish replaces the one
 * that still waits; the one under way is never interrupted, since a half-started server would be left behind. A server
 * that ends by itself is started again, until it has done so too often.
 */

export type Phase = "stopped" | "starting" | "running" | "stopping" | "failed";

/** A server that is running. */
export interface Running {
  stop(): Promise<void>;
}

export interface Limits {
  /** How many times a server may end by itself within `within` milliseconds before we give up. */
  readonly crashes: number;
  readonly within: number;
}

type Wish = "run" | "stop";

export class Supervisor {
  phase: Phase = "stopped";
  private running: Running | undefined;
  private waiting: Wish | undefined;
  private turning: Promise<void> | undefined;
  private generation = 0;
  private crashes: number[] = [];

  /**
   * `launch` resolves once the server has answered `initialize`, and calls `ended` when it ends later on.
   * `changed` hears every phase; with `failed` comes the reason.
   */
  constructor(
    private readonly launch: (ended: () => void) => Promise<Running>,
    private readonly changed: (phase: Phase, reason?: unknown) => void,
    private readonly limits: Limits = { crashes: 4, within: 180_000 },
    private readonly now: () => number = Date.now,
  ) {}

  /** Starts the server, or a new one in place of the running one. Resolves when nothing is left to do. */
  restart(): Promise<void> {
    this.crashes = [];
    return this.wish("run");
  }

  stop(): Promise<void> {
    return this.wish("stop");
  }

  private wish(wish: Wish): Promise<void> {
    this.waiting = wish;
    this.turning ??= this.turn();
    return this.turning;
  }

  private async turn(): Promise<void> {
    while (this.waiting !== undefined) {
      const wish = this.waiting;
      this.waiting = undefined;
      await this.halt();
      if (wish === "run") {
        await this.begin();
      }
    }
    this.turning = undefined; // at once with the last look at what waits, so that no wish is lost
  }

  private async halt(): Promise<void> {
    this.generation++;
    const running = this.running;
    this.running = undefined;
    if (running !== undefined) {
      this.enter("stopping");
      // One that cannot be stopped tidily has ended, or ends with its input: nothing more can be done about it here.
      await running.stop().catch(() => undefined);
    }
    this.enter("stopped");
  }

  private async begin(): Promise<void> {
    const generation = ++this.generation;
    let endedEarly = false;
    this.enter("starting");
    try {
      this.running = await this.launch(() => {
        if (this.phase === "starting") {
          endedEarly = true;
        } else if (generation === this.generation) {
          this.crashed();
        }
      });
    } catch (reason) {
      this.enter("failed", reason);
      return;
    }
    this.enter("running");
    if (endedEarly) {
      this.crashed();
    }
  }

  private crashed(): void {
    this.running = undefined;
    this.generation++;
    const now = this.now();
    this.crashes = [...this.crashes.filter((time) => now - time < this.limits.within), now];
    if (this.crashes.length > this.limits.crashes) {
      this.enter("failed", new TooManyCrashes(this.crashes.length));
    } else {
      this.enter("stopped");
      void this.wish("run");
    }
  }

  private enter(phase: Phase, reason?: unknown): void {
    if (phase !== this.phase || reason !== undefined) {
      this.phase = phase;
      this.changed(phase, reason);
    }
  }
}

export class TooManyCrashes extends Error {
  constructor(readonly times: number) {
    super(`ended ${times} times`);
  }
}
