/**
 * The server that the extension brings along as a wheel. Nothing is installed before somebody has agreed; once they have,
 * a newer extension brings its newer server by itself.
 */

import * as path from "node:path";
import * as vscode from "vscode";
import { SECTION } from "../settings";
import { disk } from "./disk";
import { type Found, programOnPath } from "./find";
import { byUvx, carriedWheel, install, installed, runProgram } from "./install";

const AGREED = "server";
type Agreed = "venv" | "uvx";

export class Own {
  private installing: Promise<boolean> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** How to run it, if that was agreed to. */
  async find(): Promise<Found | undefined> {
    const agreed = this.context.globalState.get<Agreed>(AGREED);
    const wheel = await this.wheel();
    if (agreed === undefined || wheel === undefined) {
      return undefined;
    }
    if (agreed === "uvx") {
      const uvx = this.program("uvx");
      return uvx === undefined ? undefined : byUvx(uvx, wheel);
    }
    return (
      (await installed(this.storage, wheel)) ?? ((await this.install()) ? installed(this.storage, wheel) : undefined)
    );
  }

  /** There is no server: asks what to do. */
  async offer(): Promise<void> {
    const inOwn = vscode.l10n.t("Install it");
    const byUv = vscode.l10n.t("Run it with uvx");
    const choose = vscode.l10n.t("Set its path");
    const wheel = await this.wheel();
    const buttons = [...(wheel ? [inOwn] : []), ...(wheel && this.program("uvx") ? [byUv] : []), choose];
    const sentence = wheel
      ? vscode.l10n.t(
          "ask-lsp needs its server, a Python program. Install the one that this extension brings, into a private environment?",
        )
      : vscode.l10n.t("ask-lsp needs its server, a Python program. Install it with: pipx install ask-lsp");
    const picked = await vscode.window.showInformationMessage(sentence, ...buttons);
    if (picked === choose) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "askLsp.path");
    } else if (picked !== undefined) {
      await this.agree(picked === byUv ? "uvx" : "venv");
    }
  }

  /** Somebody wants it. */
  async agree(how: Agreed = "venv"): Promise<void> {
    await this.context.globalState.update(AGREED, how);
    // A path that names another server would still come first.
    await vscode.workspace.getConfiguration(SECTION).update("path", undefined, vscode.ConfigurationTarget.Global);
    if (how === "uvx" || (await this.install())) {
      await vscode.commands.executeCommand("askLsp.restart");
    }
  }

  private install(): Promise<boolean> {
    this.installing ??= this.installNow().finally(() => {
      this.installing = undefined;
    });
    return this.installing;
  }

  private async installNow(): Promise<boolean> {
    const wheel = await this.wheel();
    const python = this.python();
    try {
      if (wheel === undefined || python === undefined) {
        throw new Error(vscode.l10n.t("Python 3.10 or newer was not found on PATH. Install it, then try again."));
      }
      const title = vscode.l10n.t("Installing the ask-lsp server…");
      const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
      await vscode.window.withProgress(options, async (_, token) => {
        const stop = new AbortController();
        token.onCancellationRequested(() => stop.abort());
        await install(this.storage, wheel, python, runProgram, stop.signal);
      });
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.log.error(why);
      const last = why.split("\n").at(-1) ?? why;
      void vscode.window.showErrorMessage(vscode.l10n.t("The ask-lsp server could not be installed: {0}", last));
      return false;
    }
  }

  private python(): readonly string[] | undefined {
    const launcher = disk.windows ? this.program("py") : undefined;
    if (launcher !== undefined) {
      return [launcher, "-3"];
    }
    const found = this.program("python3.13", "python3.12", "python3.11", "python3.10", "python3", "python");
    return found === undefined ? undefined : [found];
  }

  private program(...names: string[]): string | undefined {
    const folders = vscode.workspace.workspaceFolders?.map(({ uri }) => uri.fsPath) ?? [];
    return programOnPath(names, process.env.PATH ?? "", folders, disk);
  }

  private wheel(): Promise<string | undefined> {
    return carriedWheel(path.join(this.context.extensionPath, "server"));
  }

  private get storage(): string {
    return this.context.globalStorageUri.fsPath;
  }
}
