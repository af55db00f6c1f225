/**
 * The settings that go to the server, and those that only concern this extension.
 *
 * Only what somebody has set is sent: the server's own file comes first in everything that is left alone here, and a
 * default of ours would override it.
 */

import * as vscode from "vscode";

export const SECTION = "askLsp";

/** The names that the server takes from an editor (server/ask_lsp/config/schema.py, EditorSettings). */
export const SENT = [
  "profile",
  "language",
  "assistant_name",
  "hover",
  "hover_wait",
  "edits.review",
  "log_level",
  "position_encoding",
] as const;

/** What somebody has set of those, nested as the server has them. */
export function sentSettings(scope?: vscode.Uri): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const result: Record<string, unknown> = {};
  for (const name of SENT) {
    const found = configuration.inspect(name);
    // Where the workspace is not trusted, VS Code leaves the workspace's values of restricted settings out by itself.
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    const [section = name, inner] = name.split(".");
    if (value !== undefined && value !== null) {
      result[section] = inner === undefined ? value : { [inner]: value };
    }
  }
  return result;
}

/** Settings of the machine: VS Code reads them from the user's own settings only (`scope: machine`). */
export function machineSettings(): {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly keyOrigin: string;
} {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return {
    path: configuration.get<string>("path", "").trim(),
    args: configuration.get<string[]>("args", []),
    env: configuration.get<Record<string, string>>("env", {}),
    keyOrigin: configuration.get<string>("keyOrigin", "").trim(),
  };
}

export function showsPreview(): boolean {
  return vscode.workspace.getConfiguration(SECTION).get<string>("answers.view") === "preview";
}

export function assistantName(): string {
  return vscode.workspace.getConfiguration(SECTION).get<string | null>("assistant_name") || "ChatGPT";
}

/** Whether a change means that the server must be started anew. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
  return ["path", "args", "env", "keyOrigin", "position_encoding"].some((name) =>
    event.affectsConfiguration(`${SECTION}.${name}`),
  );
}
