/** The real file system, as far as finding a server needs it. */

import * as fs from "node:fs";
import type { Disk } from "./find";

export const disk: Disk = {
  windows: process.platform === "win32",

  isProgram(file: string): boolean {
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return fs.statSync(file).isFile();
    } catch {
      return false;
    }
  },

  real(file: string): string {
    try {
      return fs.realpathSync(file);
    } catch {
      return file;
    }
  },
};
