// Puts what the .vsix takes from the tree around it here: the server's wheel, into server/, and the licence.
// PYTHON names another interpreter to build with.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");
const target = resolve(import.meta.dirname, "../server");
const ours = join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const python = process.env.PYTHON ?? (existsSync(ours) ? ours : process.platform === "win32" ? "python" : "python3");

rmSync(target, { recursive: true, force: true });
mkdirSync(target);
// Without isolation where the build backend is there already, so that this needs no network.
const isolated = succeeds(["-c", "import hatchling"]) ? ["--no-build-isolation"] : [];
run(["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", ...isolated, "-w", target, root]);
const [wheel, ...more] = readdirSync(target);
if (!wheel?.startsWith("ask_lsp-") || more.length > 0) {
  throw new Error(`expected one wheel in ${target}`);
}
copyFileSync(join(root, "LICENSE"), resolve(import.meta.dirname, "../LICENSE.txt"));
console.log(`server/${wheel}`);

function run(args) {
  execFileSync(python, args, { stdio: "inherit" });
}

function succeeds(args) {
  try {
    execFileSync(python, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
