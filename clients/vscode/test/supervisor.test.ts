import assert from "node:assert/strict";
import { test } from "node:test";
import { type Phase, Supervisor, TooManyCrashes } from "../src/server/supervisor";

/** Servers that start and stop when the test says so. */
function rig(limits = { crashes: 2, within: 1000 }) {
  const phases: Phase[] = [];
  const reasons: unknown[] = [];
  const launches: { ready: () => void; fail: (why: Error) => void; ended: () => void; stops: number }[] = [];
  let now = 0;
  const supervisor = new Supervisor(
    (ended) =>
      new Promise((resolve, reject) => {
        const launch = { ready: () => resolve(running), fail: reject, ended, stops: 0 };
        const running = {
          stop: async () => {
            launch.stops++;
          },
        };
        launches.push(launch);
      }),
    (phase, reason) => {
      phases.push(phase);
      reasons.push(reason);
    },
    limits,
    () => now,
  );
  const launched = async (count: number) => {
    while (launches.length < count) {
      await new Promise(setImmediate);
    }
    const launch = launches[count - 1];
    assert.ok(launch);
    return launch;
  };
  const later = (milliseconds: number) => {
    now += milliseconds;
  };
  return { supervisor, phases, reasons, launches, launched, later };
}

test("it starts, and stops", async () => {
  const { supervisor, phases, launched } = rig();

  const started = supervisor.restart();
  (await launched(1)).ready();
  await started;
  await supervisor.stop();

  assert.deepEqual(phases, ["starting", "running", "stopping", "stopped"]);
  assert.equal((await launched(1)).stops, 1);
});

test("many wishes during a start become one more start", async () => {
  const { supervisor, launches, launched } = rig();

  const wishes = [supervisor.restart(), supervisor.restart(), supervisor.restart()];
  wishes.push(supervisor.restart());
  (await launched(1)).ready();
  (await launched(2)).ready();
  await Promise.all(wishes);

  assert.equal(launches.length, 2);
  assert.deepEqual(
    launches.map((launch) => launch.stops),
    [1, 0],
  );
});

test("the last wish counts", async () => {
  const { supervisor, launches, launched } = rig();

  const wishes = [supervisor.restart(), supervisor.restart(), supervisor.stop()];
  (await launched(1)).ready();
  await Promise.all(wishes);

  assert.equal(supervisor.phase, "stopped");
  assert.equal(launches.length, 1);
});

test("a server that ends by itself is started again, until it has done so too often", async () => {
  const { supervisor, reasons, launched } = rig({ crashes: 2, within: 1000 });
  void supervisor.restart();

  for (const count of [1, 2, 3]) {
    const launch = await launched(count);
    launch.ready();
    await new Promise(setImmediate);
    assert.equal(supervisor.phase, "running");
    launch.ended();
  }

  assert.equal(supervisor.phase, "failed");
  assert.ok(reasons.at(-1) instanceof TooManyCrashes);
});

test("crashes long ago do not count", async () => {
  const { supervisor, launched, later } = rig({ crashes: 1, within: 1000 });
  void supervisor.restart();

  for (const count of [1, 2, 3, 4]) {
    const launch = await launched(count);
    launch.ready();
    await new Promise(setImmediate);
    launch.ended();
    later(2000);
  }

  assert.notEqual(supervisor.phase, "failed");
});

test("one that cannot be started is not tried again by itself", async () => {
  const { supervisor, reasons, launches, launched } = rig();
  const why = new Error("ENOENT");

  const started = supervisor.restart();
  (await launched(1)).fail(why);
  await started;

  assert.equal(supervisor.phase, "failed");
  assert.equal(reasons.at(-1), why);
  assert.equal(launches.length, 1);
});

test("the end of a server that was replaced means nothing", async () => {
  const { supervisor, launches, launched } = rig();
  const first = supervisor.restart();
  const old = await launched(1);
  old.ready();
  await first;
  const second = supervisor.restart();
  (await launched(2)).ready();
  await second;

  old.ended();
  await new Promise(setImmediate);

  assert.equal(supervisor.phase, "running");
  assert.equal(launches.length, 2);
});
