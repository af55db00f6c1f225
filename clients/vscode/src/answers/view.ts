/**
 * The answer views: read-only Markdown documents beside the code, of a scheme of their own.
 *
 * A view is told to refresh ten times a second at most, and never takes the focus or moves anybody's cursor. A view that
 * VS Code has kept from an earlier session shows the chat file that it belongs to.
 */

import * as vscode from "vscode";
import { showsPreview } from "../settings";
import { readable } from "./chatFile";
import type { Conversation, Words } from "./conversation";
import type { Store } from "./store";

export const ANSWER = "ask-lsp-answer";
const PREVIEW = "vscode.markdown.preview.editor";
const REFRESH_EVERY = 100;

export class AnswerViews implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly lensesChanged = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  readonly onDidChangeCodeLenses = this.lensesChanged.event;
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly refreshed = new Map<string, number>();
  private readonly uris = new Map<string, vscode.Uri>();
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly store: Store) {
    this.disposables = [
      vscode.workspace.registerTextDocumentContentProvider(ANSWER, this),
      vscode.languages.registerCodeLensProvider({ scheme: ANSWER }, this),
      this.changed,
      this.lensesChanged,
      vscode.window.tabGroups.onDidChangeTabs(() => this.tellContext()),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.tellContext()),
    ];
  }

  /** Opens the view of a conversation beside what is being edited, which keeps the focus. */
  async open(conversation: Conversation, focus = false): Promise<void> {
    const uri = this.uriOf(conversation);
    if (vscode.window.visibleTextEditors.some((editor) => editor.document.uri.toString() === uri.toString())) {
      this.refresh(conversation);
      return;
    }
    const where = { viewColumn: besideColumn(), preserveFocus: !focus, preview: false };
    if (showsPreview()) {
      await vscode.commands.executeCommand("vscode.openWith", uri, PREVIEW, where);
    } else {
      const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), where);
      editor.options = { lineNumbers: vscode.TextEditorLineNumbersStyle.Off };
    }
  }

  /** Shows a view rendered instead of as text. */
  async preview(uri: vscode.Uri): Promise<void> {
    await vscode.commands.executeCommand("vscode.openWith", uri, PREVIEW);
    const texts = vscode.window.tabGroups.activeTabGroup.tabs.filter(
      ({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString(),
    );
    await vscode.window.tabGroups.close(texts);
  }

  refresh(conversation: Conversation): void {
    const { id } = conversation;
    if (this.timers.has(id)) {
      return;
    }
    const wait = Math.max(0, (this.refreshed.get(id) ?? 0) + REFRESH_EVERY - Date.now());
    const show = () => {
      this.timers.delete(id);
      this.refreshed.set(id, Date.now());
      this.changed.fire(this.uriOf(conversation));
      this.lensesChanged.fire();
      this.tellContext();
    };
    this.timers.set(id, setTimeout(show, wait));
  }

  conversationOf(uri: vscode.Uri | undefined): Conversation | undefined {
    return uri?.scheme === ANSWER ? this.store.get(parameters(uri).id) : undefined;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const conversation = this.conversationOf(uri) ?? (await this.fromChat(uri));
    return conversation?.render(words()) ?? `${vscode.l10n.t("The chat file of this answer is gone.")}\n`;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const conversation = this.conversationOf(document.uri);
    if (conversation === undefined) {
      return [];
    }
    const [top, end] = [0, document.lineCount - 1].map((line) => new vscode.Range(line, 0, line, 0));
    const lens = (range: vscode.Range | undefined, title: string, command: string) =>
      new vscode.CodeLens(range ?? new vscode.Range(0, 0, 0, 0), { title, command, arguments: [document.uri] });
    if (conversation.isRunning) {
      return [lens(top, `$(debug-stop) ${vscode.l10n.t("Stop")}`, "askLsp.stop")];
    }
    if (conversation.chat === undefined) {
      return [];
    }
    return [
      lens(end, `$(comment-discussion) ${vscode.l10n.t("Ask a follow-up")}`, "askLsp.followUp"),
      lens(end, vscode.l10n.t("Open the chat file"), "askLsp.openChat"),
    ];
  }

  dispose(): void {
    for (const timer of this.timers.values()) {
      clearTimeout(timer);
    }
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private async fromChat(uri: vscode.Uri): Promise<Conversation | undefined> {
    const { id, chat } = parameters(uri);
    try {
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.parse(chat, true)));
      const conversation = this.store.restore(id, chat, readable(text));
      this.uris.set(id, uri);
      return conversation;
    } catch {
      return undefined;
    }
  }

  /** For the buttons of the view that is in front: whether its answer is still coming. */
  private tellContext(): void {
    const running = this.conversationOf(activeUri())?.isRunning ?? false;
    void vscode.commands.executeCommand("setContext", "askLsp.answering", running);
  }

  /** It stays the same while the view is open, also when the title is only known later. */
  private uriOf(conversation: Conversation): vscode.Uri {
    let uri = this.uris.get(conversation.id);
    if (uri === undefined) {
      const name = conversation.title.replace(/[\s\\/:*?"<>|`]+/g, " ").trim() || conversation.id;
      uri = vscode.Uri.from({
        scheme: ANSWER,
        path: `/${name.slice(0, 60)}.md`,
        query: JSON.stringify({ id: conversation.id, chat: conversation.chat ?? "" }),
      });
      this.uris.set(conversation.id, uri);
    }
    return uri;
  }
}

/** Where answers go: to those that are there already, else beside the editor. */
function besideColumn(): vscode.ViewColumn {
  for (const group of vscode.window.tabGroups.all) {
    if (group.tabs.some((tab) => (tab.input as { uri?: vscode.Uri } | undefined)?.uri?.scheme === ANSWER)) {
      return group.viewColumn;
    }
  }
  return vscode.ViewColumn.Beside;
}

/** What the active tab shows, also where it is no text editor (a rendered answer). */
export function activeUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input as { uri?: vscode.Uri } | undefined;
  return input?.uri ?? vscode.window.activeTextEditor?.document.uri;
}

function parameters(uri: vscode.Uri): { readonly id: string; readonly chat: string } {
  try {
    const { id, chat } = JSON.parse(uri.query) as Record<string, unknown>;
    return { id: String(id), chat: String(chat) };
  } catch {
    return { id: "", chat: "" };
  }
}

function words(): Words {
  return {
    waiting: vscode.l10n.t("Waiting for the answer…"),
    you: vscode.l10n.t("You:"),
    cancelled: vscode.l10n.t("Cancelled."),
  };
}
