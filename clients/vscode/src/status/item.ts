/** The status bar item. */

import * as vscode from "vscode";
import type { Status } from "../protocol";
import type { Connection } from "../server/connection";
import type { Phase } from "../server/supervisor";
import { face } from "./text";

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("ask-lsp", vscode.StatusBarAlignment.Right, 90);
  private readonly listening: vscode.Disposable;
  private status: Status | undefined;
  private phase: Phase = "stopped";

  constructor(connection: Connection) {
    this.item.name = "ask-lsp";
    this.item.command = "askLsp.menu";
    this.listening = connection.onStatus((status) => {
      this.status = status;
      this.show();
    });
    this.show();
    this.item.show();
  }

  get current(): Status | undefined {
    return this.status;
  }

  enter(phase: Phase): void {
    this.phase = phase;
    if (phase !== "running") {
      this.status = undefined;
    }
    this.show();
  }

  dispose(): void {
    this.listening.dispose();
    this.item.dispose();
  }

  private show(): void {
    const { text, lines, severity } = face(this.phase, this.status, {
      starting: vscode.l10n.t("The server is starting."),
      stopped: vscode.l10n.t("The server is not running."),
      failed: vscode.l10n.t("The server could not be started. Click to see what to do."),
      busy: (jobs) => vscode.l10n.t("At work: {0}", jobs),
      profile: (name) => vscode.l10n.t("Profile: {0}", name),
      spent: (amount) => vscode.l10n.t("Spent today: {0}", amount),
    });
    this.item.text = text;
    this.item.tooltip = ["ask-lsp", ...lines].join("\n");
    this.item.accessibilityInformation = { label: ["ask-lsp", ...lines].join(", ") };
    this.item.backgroundColor =
      severity === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${severity}Background`);
    void vscode.commands.executeCommand("setContext", "askLsp.busy", (this.status?.busy ?? 0) > 0);
  }
}
