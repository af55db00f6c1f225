/** The menu behind the status bar item. */

import * as vscode from "vscode";
import type { Status } from "../protocol";
import type { Connection } from "../server/connection";
import { SECTION } from "../settings";
import type { StatusItem } from "./item";

interface Entry extends vscode.QuickPickItem {
  readonly command?: string;
}

export async function showMenu(connection: Connection, status: StatusItem, proposals: number): Promise<void> {
  const entry = (icon: string, label: string, command: string, description = ""): Entry => ({
    label: `$(${icon}) ${label}`,
    description,
    command,
  });
  const separator = (label: string): Entry => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const { current } = status;
  const running: Entry[] = connection.isRunning
    ? [
        ...(current?.busy ? [entry("debug-stop", vscode.l10n.t("Stop all answers"), "askLsp.stopAll")] : []),
        entry("person", vscode.l10n.t("Profile…"), "askLsp.chooseProfile", current?.profile),
        ...(connection.has("ask.usage") ? [entry("graph", vscode.l10n.t("Usage"), "askLsp.usage")] : []),
        ...(proposals > 0 ? [entry("diff", vscode.l10n.t("Proposals"), "askLsp.proposals", String(proposals))] : []),
        entry("gear", vscode.l10n.t("Open the settings file"), "askLsp.openConfig"),
        entry("output", vscode.l10n.t("Open the log"), "askLsp.openLog"),
      ]
    : [];
  const picked = await vscode.window.showQuickPick<Entry>(
    [
      ...running,
      separator(vscode.l10n.t("Server")),
      entry("pulse", vscode.l10n.t("Doctor: check key, model and settings"), "askLsp.doctor"),
      entry("key", vscode.l10n.t("Set the API key"), "askLsp.setKey"),
      entry("refresh", vscode.l10n.t("Restart the server"), "askLsp.restart"),
      entry("settings-gear", vscode.l10n.t("Settings of the extension"), "askLsp.settings"),
    ],
    { title: "ask-lsp", placeHolder: current?.error ?? "" },
  );
  if (picked?.command !== undefined) {
    await vscode.commands.executeCommand(picked.command);
  }
}

/** Lists the profiles, the active one first. */
export async function chooseProfile(connection: Connection, status: Status | undefined): Promise<void> {
  const current = status?.profile;
  const names = [...(status?.profiles ?? [])].sort((one, other) => Number(other === current) - Number(one === current));
  const name = await vscode.window.showQuickPick(names, {
    title: vscode.l10n.t("ask-lsp: profile"),
    placeHolder: vscode.l10n.t("Who answers? Now: {0}", current ?? "-"),
  });
  if (name !== undefined) {
    await connection.run("ask.profile", { name });
  }
}

/** The embedded model from now on, in every window. */
export async function useLocalModel(): Promise<void> {
  await vscode.workspace.getConfiguration(SECTION).update("profile", "local", vscode.ConfigurationTarget.Global);
}
