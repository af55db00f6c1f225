/** The first run: a server that works, and no key that anybody could know of. */

import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Key } from "./key";

const GREETED = "greeted";

/** Asks once for what an answer needs; whoever has a key, a settings file or a variable for it is left alone. */
export async function welcome(context: vscode.ExtensionContext, key: Key): Promise<void> {
  if (context.globalState.get(GREETED) || (await key.isSet()) || (await isConfigured())) {
    return;
  }
  await context.globalState.update(GREETED, true);
  const buttons = {
    [vscode.l10n.t("Set key")]: "askLsp.setKey",
    [vscode.l10n.t("Use local model")]: "askLsp.useLocalModel",
    [vscode.l10n.t("Open config")]: "askLsp.openConfig",
  };
  const sentence = vscode.l10n.t("ask-lsp is ready, but for a key: set one, or use a small model on this machine.");
  const picked = await vscode.window.showInformationMessage(sentence, ...Object.keys(buttons));
  const command = picked && buttons[picked];
  if (command !== undefined) {
    await vscode.commands.executeCommand(command);
  }
}

/** Where the server looks as well (ask-lsp config --path). */
async function isConfigured(): Promise<boolean> {
  const { OPENAI_API_KEY, ASK_LSP_API_KEY, ASK_LSP_CONFIG, XDG_CONFIG_HOME, APPDATA, LOCALAPPDATA } = process.env;
  if (OPENAI_API_KEY || ASK_LSP_API_KEY || ASK_LSP_CONFIG) {
    return true;
  }
  const home = os.homedir();
  const bases = [XDG_CONFIG_HOME, path.join(home, ".config"), path.join(home, "Library", "Application Support")];
  const folders = [...bases, APPDATA, LOCALAPPDATA].filter((base): base is string => Boolean(base));
  const files = folders.flatMap((base) => ["yaml", "yml"].map((end) => path.join(base, "ask-lsp", `config.${end}`)));
  const found = await Promise.all(
    files.map((file) =>
      fs.access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
