/** The API key, in VS Code's own secret storage; never in settings, and never in a message. */

import * as vscode from "vscode";
import { machineSettings } from "./settings";

const NAME = "apiKey";
const OPENAI = "https://api.openai.com";

export class Key {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  /** Another key was set or removed, in this window or another one. */
  onDidChange(listener: () => void): vscode.Disposable {
    return this.secrets.onDidChange((event) => {
      if (event.key === NAME) {
        listener();
      }
    });
  }

  async isSet(): Promise<boolean> {
    return (await this.secrets.get(NAME)) !== undefined;
  }

  /** The variables that hand it to the server; the server sends it to that origin only. */
  async environment(): Promise<Record<string, string>> {
    const key = await this.secrets.get(NAME);
    return key === undefined
      ? {}
      : { ASK_LSP_API_KEY: key, ASK_LSP_API_KEY_ORIGIN: machineSettings().keyOrigin || OPENAI };
  }

  /** Asks for it. */
  async ask(): Promise<void> {
    const given = await vscode.window.showInputBox({
      title: vscode.l10n.t("ask-lsp: API key"),
      prompt: vscode.l10n.t("It is kept in VS Code's secret storage, and sent to {0} only.", this.origin),
      placeHolder: "sk-…",
      password: true,
      ignoreFocusOut: true,
      validateInput: problemOf,
    });
    if (given?.trim()) {
      await this.secrets.store(NAME, given.trim());
    }
  }

  async remove(): Promise<void> {
    await this.secrets.delete(NAME);
  }

  private get origin(): string {
    return machineSettings().keyOrigin || OPENAI;
  }
}

function problemOf(value: string): string | undefined {
  const key = value.trim();
  if (/\s/.test(key)) {
    return vscode.l10n.t("A key has no spaces or line breaks. Copy it again, without what stands around it.");
  }
  return /[^\x21-\x7e]/.test(key) ? vscode.l10n.t("This holds characters that no key has. Copy it again.") : undefined;
}
