/** The server of this window: found, started, watched and stopped. What goes wrong is said with what to do about it. */

import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as vscode from "vscode";
import type { Key } from "../key";
import { machineSettings } from "../settings";
import type { Connection } from "./connection";
import { disk } from "./disk";
import { type Found, findServer } from "./find";
import { type Introduction, judge } from "./handshake";
import type { Own } from "./own";
import { type Phase, Supervisor, TooManyCrashes } from "./supervisor";

class NoServer extends Error {}

export class Server implements vscode.Disposable {
  private readonly supervisor: Supervisor;
  private readonly phases = new vscode.EventEmitter<Phase>();
  readonly onPhase = this.phases.event;
  private readonly report = vscode.window.createOutputChannel("ask-lsp doctor");
  private complained = "";

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly connection: Connection,
    private readonly key: Key,
    private readonly own: Own,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.supervisor = new Supervisor(
      (ended) => this.launch(ended),
      (phase, reason) => {
        this.log.info(`server: ${phase}`);
        this.phases.fire(phase);
        if (phase === "failed") {
          void this.tellFailure(reason);
        }
      },
    );
  }

  get phase(): Phase {
    return this.supervisor.phase;
  }

  restart(): Promise<void> {
    return this.supervisor.restart();
  }

  stop(): Promise<void> {
    return this.supervisor.stop();
  }

  /** Has the server look at everything that an answer needs, and shows its report. */
  async doctor(): Promise<void> {
    const found = await this.find();
    if (found === undefined) {
      await this.tellFailure(new NoServer());
      return;
    }
    const args = [...found.args.filter((arg) => arg !== "--stdio"), "doctor"];
    const environment = await this.environment();
    const title = vscode.l10n.t("ask-lsp: looking at key, model and settings…");
    const said = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title },
      () =>
        new Promise<string>((resolve) => {
          const options = { env: environment as NodeJS.ProcessEnv, timeout: 120_000, cwd: this.folder };
          execFile(found.command, args, options, (_, stdout, stderr) => resolve(stdout + stderr));
        }),
    );
    this.report.clear();
    this.report.append(said);
    this.report.show(true);
  }

  dispose(): void {
    this.phases.dispose();
    this.report.dispose();
  }

  private get folder(): string {
    return this.context.globalStorageUri.fsPath;
  }

  private async find(): Promise<Found | undefined> {
    const { path, args } = machineSettings();
    const folders = vscode.workspace.workspaceFolders?.filter(({ uri }) => uri.scheme === "file") ?? [];
    return findServer(
      {
        setting: path,
        settingArgs: args,
        own: path === "" ? await this.own.find() : undefined,
        path: process.env.PATH ?? "",
        folders: folders.map(({ uri }) => uri.fsPath),
        trusted: vscode.workspace.isTrusted,
      },
      disk,
    );
  }

  private async launch(ended: () => void) {
    const found = await this.find();
    if (found === undefined) {
      throw new NoServer();
    }
    this.log.info(`server: ${found.command} ${found.args.join(" ")} (${found.source})`);
    // Its working directory is never the workspace: nothing that a repository holds may be imported or run by it.
    await fs.mkdir(this.folder, { recursive: true });
    const running = await this.connection.launch(found, await this.environment(), this.folder, ended);
    if (running.introduction !== undefined) {
      this.greet(running.introduction);
    }
    return running;
  }

  private async environment(): Promise<Record<string, string | undefined>> {
    const { ELECTRON_RUN_AS_NODE: _, ...inherited } = process.env;
    return { ...inherited, ...machineSettings().env, ...(await this.key.environment()) };
  }

  /** Says which side is older, once for each version that is met. */
  private greet(introduction: Introduction): void {
    const own = String((this.context.extension.packageJSON as { version: string }).version);
    const verdict = judge(introduction, own);
    const server = introduction.serverInfo?.version ?? "?";
    this.log.info(`server: version ${server}, extension ${own}`);
    if (verdict.fits || this.complained === server) {
      return;
    }
    this.complained = server;
    const sentence =
      verdict.older === "server"
        ? vscode.l10n.t(
            "The ask-lsp server ({0}) is older than this extension ({1}). Update it: pip install -U ask-lsp, or remove askLsp.path to use the one that this extension brings.",
            verdict.server ?? vscode.l10n.t("of unknown version"),
            own,
          )
        : vscode.l10n.t(
            "This extension ({1}) is older than the ask-lsp server ({0}). Update the extension.",
            verdict.server ?? vscode.l10n.t("of unknown version"),
            own,
          );
    const install = vscode.l10n.t("Use the extension's own");
    const buttons = verdict.older === "server" ? [install] : [];
    void vscode.window.showWarningMessage(sentence, ...buttons).then((picked) => {
      if (picked === install) {
        void vscode.commands.executeCommand("askLsp.installServer");
      }
    });
  }

  private async tellFailure(reason: unknown): Promise<void> {
    if (reason instanceof NoServer) {
      await this.own.offer();
      return;
    }
    const restart = vscode.l10n.t("Restart");
    const output = vscode.l10n.t("Show output");
    const settings = vscode.l10n.t("Open settings");
    const why = reason instanceof Error ? reason.message : String(reason);
    const sentence =
      reason instanceof TooManyCrashes
        ? vscode.l10n.t("The ask-lsp server ended {0} times within three minutes. Its log says why.", reason.times)
        : vscode.l10n.t("The ask-lsp server could not be started: {0}", why);
    const buttons = reason instanceof TooManyCrashes ? [restart, output] : [settings, restart, output];
    switch (await vscode.window.showErrorMessage(sentence, ...buttons)) {
      case restart:
        await this.restart();
        break;
      case output:
        this.log.show();
        break;
      case settings:
        await vscode.commands.executeCommand("workbench.action.openSettings", "askLsp.path");
        break;
    }
  }
}
