import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { byUvx, carriedWheel, install, installed, type Run, runProgram } from "../src/server/install";

async function storage(): Promise<string> {
  return fs.mkdtemp(path.join(os.tmpdir(), "ask lsp 试 %41 "));
}

const NEVER = new AbortController().signal;
const WHEEL = "/ext/server/ask_lsp-1.0.0-py3-none-any.whl";

function recording(failing = -1): { run: Run; ran: (readonly string[])[] } {
  const ran: (readonly string[])[] = [];
  const run: Run = async (command, args) => {
    ran.push([path.basename(command), ...args]);
    if (ran.length - 1 === failing) {
      throw new Error("no network");
    }
  };
  return { run, ran };
}

test("a wheel gets an environment, and the environment a mark", async () => {
  const folder = await storage();
  const { run, ran } = recording();

  await install(folder, WHEEL, ["py", "-3"], run, NEVER);

  const environment = path.join(folder, "server", "ask_lsp-1.0.0-py3-none-any");
  assert.deepEqual(ran[0], ["py", "-3", "-m", "venv", environment]);
  assert.deepEqual(ran[1]?.slice(-1), [WHEEL]);
  assert.equal((await installed(folder, WHEEL))?.source, "installed");
  assert.equal(await installed(folder, "/ext/server/ask_lsp-2.0.0-py3-none-any.whl"), undefined);
});

test("an installation that failed does not count", async () => {
  const folder = await storage();

  await assert.rejects(install(folder, WHEEL, ["python3"], recording(1).run, NEVER), /no network/);

  assert.equal(await installed(folder, WHEEL), undefined);
});

test("a newer wheel takes the place of the older one", async () => {
  const folder = await storage();
  await install(folder, WHEEL, ["python3"], recording().run, NEVER);

  await install(folder, WHEEL.replace("1.0.0", "2.0.0"), ["python3"], recording().run, NEVER);

  assert.deepEqual(await fs.readdir(path.join(folder, "server")), ["ask_lsp-2.0.0-py3-none-any"]);
});

test("the wheel is found by its name", async () => {
  const folder = await storage();
  assert.equal(await carriedWheel(path.join(folder, "server")), undefined);

  await fs.writeFile(path.join(folder, "ask_lsp-1.0.0-py3-none-any.whl"), "");

  assert.equal(await carriedWheel(folder), path.join(folder, "ask_lsp-1.0.0-py3-none-any.whl"));
  assert.deepEqual(byUvx("/bin/uvx", WHEEL).args, ["--from", WHEEL, "ask-lsp", "--stdio"]);
});

test("a program that fails says why, and one that is cancelled ends", async () => {
  const stop = new AbortController();
  const waiting = runProgram(process.execPath, ["-e", "setInterval(() => {}, 1000)"], stop.signal);

  await assert.rejects(runProgram(process.execPath, ["-e", "throw new Error('why')"], NEVER), /why/);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});
