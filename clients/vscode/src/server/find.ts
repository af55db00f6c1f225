/**
 * Where the server is looked for, in this order; the README tells users the same.
 *
 * 1. the setting askLsp.path, which only the user's own settings can hold;
 * 2. the server of this extension, once the user has agreed to have it installed;
 * 3. `ask-lsp` on PATH: absolute entries outside the workspace, for a folder that is opened must not name programs;
 * 4. the environment of a workspace (.venv, venv), if the workspace is trusted.
 */

import * as path from "node:path";

export type Source = "setting" | "installed" | "uvx" | "path" | "workspace";

/** A command that speaks LSP on standard input and output. */
export interface Found {
  readonly source: Source;
  readonly command: string;
  readonly args: readonly string[];
}

export interface Places {
  readonly setting: string;
  readonly settingArgs: readonly string[];
  /** The program in our private environment, or how uvx runs it. */
  readonly own: Found | undefined;
  /** The PATH of the environment. */
  readonly path: string;
  readonly folders: readonly string[];
  readonly trusted: boolean;
}

/** The part of the file system that matters here. */
export interface Disk {
  readonly windows: boolean;
  isProgram(file: string): boolean;
  /** The path with symbolic links resolved; itself where it does not exist. */
  real(file: string): string;
}

/** The server, or undefined. */
export function findServer(places: Places, disk: Disk): Found | undefined {
  const args = [...places.settingArgs, "--stdio"];
  if (places.setting !== "") {
    return { source: "setting", command: places.setting, args };
  }
  if (places.own !== undefined) {
    return places.own;
  }
  const onPath = programOnPath(["ask-lsp"], places.path, places.folders, disk);
  if (onPath !== undefined) {
    return { source: "path", command: onPath, args };
  }
  const environment = places.trusted ? inWorkspace(places.folders, disk) : undefined;
  return environment === undefined ? undefined : { source: "workspace", command: environment, args };
}

/** The first of `names` that PATH has; entries that are relative or inside the workspace do not count. */
export function programOnPath(
  names: readonly string[],
  searched: string,
  folders: readonly string[],
  disk: Disk,
): string | undefined {
  const p = pathOf(disk);
  const closed = folders.map((folder) => disk.real(folder));
  const entries = searched
    .split(p.delimiter)
    .map((entry) => entry.replace(/^"(.*)"$/, "$1"))
    .filter((entry) => entry !== "" && p.isAbsolute(entry));
  for (const name of names) {
    for (const entry of entries) {
      const file = p.join(entry, disk.windows ? `${name}.exe` : name);
      const real = disk.real(file);
      if (disk.isProgram(file) && !closed.some((folder) => isInside(real, folder, p) || isInside(file, folder, p))) {
        return file;
      }
    }
  }
  return undefined;
}

function inWorkspace(folders: readonly string[], disk: Disk): string | undefined {
  const p = pathOf(disk);
  const [programs, name] = disk.windows ? ["Scripts", "ask-lsp.exe"] : ["bin", "ask-lsp"];
  return folders
    .flatMap((folder) => [".venv", "venv"].map((environment) => p.join(folder, environment, programs, name)))
    .find((file) => disk.isProgram(file));
}

function isInside(file: string, folder: string, p: path.PlatformPath): boolean {
  const relative = p.relative(folder, file);
  return relative !== "" && !relative.startsWith("..") && !p.isAbsolute(relative);
}

function pathOf(disk: Disk): path.PlatformPath {
  return disk.windows ? path.win32 : path.posix;
}
