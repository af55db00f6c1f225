/**
 * Installs the server that this extension carries as a wheel into a private environment.
 *
 * An environment belongs to one wheel: its folder has the wheel's name, and a mark that is written last. One without
 * the mark was left by an installation that was interrupted, and is made anew.
 */

import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Found } from "./find";

const MARK = ".complete";

/** Runs a program to its end; rejects with its last words if it fails. `signal` ends it. */
export type Run = (command: string, args: readonly string[], signal: AbortSignal) => Promise<void>;

/** The wheel in the extension's folder, or undefined in a development tree that has not built one. */
export async function carriedWheel(folder: string): Promise<string | undefined> {
  const names = await fs.readdir(folder).catch(() => []);
  const wheel = names.find((name) => name.startsWith("ask_lsp-") && name.endsWith(".whl"));
  return wheel === undefined ? undefined : path.join(folder, wheel);
}

/** The server in the environment of that wheel, if it is complete. */
export async function installed(storage: string, wheel: string): Promise<Found | undefined> {
  const environment = environmentOf(storage, wheel);
  const complete = await fs.access(path.join(environment, MARK)).then(
    () => true,
    () => false,
  );
  return complete ? { source: "installed", command: program(environment, "ask-lsp"), args: ["--stdio"] } : undefined;
}

/** Makes the environment with the given Python (3.10 or newer), and removes those of other wheels. */
export async function install(
  storage: string,
  wheel: string,
  python: readonly string[],
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  const [command = "python3", ...first] = python;
  const environment = environmentOf(storage, wheel);
  await fs.rm(path.dirname(environment), { recursive: true, force: true });
  await fs.mkdir(environment, { recursive: true });
  await run(command, [...first, "-m", "venv", environment], signal);
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", wheel];
  await run(program(environment, "python"), pip, signal);
  await fs.writeFile(path.join(environment, MARK), "");
}

/** How uvx runs the wheel, without an environment of ours. */
export function byUvx(uvx: string, wheel: string): Found {
  return { source: "uvx", command: uvx, args: ["--from", wheel, "ask-lsp", "--stdio"] };
}

/** Runs a real program, in a folder that is nobody's workspace. */
export const runProgram: Run = (command, args, signal) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: path.parse(process.cwd()).root, signal, windowsHide: true });
    let last = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        last = (last + text).slice(-2000);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(last.trim() || `${command}: ${code}`))));
  });

function environmentOf(storage: string, wheel: string): string {
  return path.join(storage, "server", path.basename(wheel, ".whl"));
}

function program(environment: string, name: string): string {
  return process.platform === "win32"
    ? path.join(environment, "Scripts", `${name}.exe`)
    : path.join(environment, "bin", name);
}
