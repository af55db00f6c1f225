/**
 * Reviewing an edit: a diff in VS Code's own diff editor, and what can be done there.
 *
 * The right side is a virtual document with the hunks in it. It is made from the document as it is now, so that what is
 * typed on the left meanwhile is never shown as part of the edit.
 */

import * as vscode from "vscode";
import type { Proposal } from "../protocol";
import type { Connection } from "../server/connection";
import { withHunks } from "./hunks";
import { type Kept, Shelf } from "./shelf";

export const PROPOSAL = "ask-lsp-proposal";

export class Review implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly shelf = new Shelf();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly proposalsChanged = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  readonly onDidChangeProposals = this.proposalsChanged.event;
  private readonly disposables: vscode.Disposable[];

  /** `isOurs` says whether a proposal for a document that has just come is what somebody is waiting for. */
  constructor(
    private readonly connection: Connection,
    private readonly isOurs: (uri: string) => boolean,
  ) {
    this.disposables = [
      this.changed,
      this.proposalsChanged,
      vscode.workspace.registerTextDocumentContentProvider(PROPOSAL, this),
      connection.onProposal((proposal) => this.take(proposal)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) {
          const uri = connection.serverUri(document.uri);
          this.refresh(this.shelf.changed(uri, document.version, contentChanges));
        }
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.shelf.closed(connection.serverUri(document.uri))),
    ];
  }

  /** The proposal that a command was started on: its own diff, a lens, or the only one there is. */
  find(given: unknown): Kept | undefined {
    if (typeof given === "string") {
      return this.shelf.get(given);
    }
    const uri = given instanceof vscode.Uri ? given : activeUri();
    if (uri?.scheme === PROPOSAL) {
      return this.shelf.get(uri.query);
    }
    const here = uri === undefined ? [] : this.shelf.of(this.connection.serverUri(uri));
    return here.length === 1 ? here[0] : undefined;
  }

  /** Opens the diff; where there is nothing to put into the document, the server's page about it. */
  async show({ id, uri, title, hunks }: Kept): Promise<void> {
    if (hunks.length === 0) {
      await this.connection.run("ask.diff", { proposal: id });
      return;
    }
    const document = vscode.Uri.parse(uri, true);
    const name = document.path.slice(document.path.lastIndexOf("/") + 1);
    // The cell of a notebook has the notebook's name, so the language has to be told.
    const [left, right] = await Promise.all(
      [document, uriOf(id, name)].map((each) => vscode.workspace.openTextDocument(each)),
    );
    if (left && right && left.languageId !== right.languageId) {
      await vscode.languages.setTextDocumentLanguage(right, left.languageId);
    }
    const options = { preview: false, viewColumn: columnOf(document) };
    await vscode.commands.executeCommand("vscode.diff", document, uriOf(id, name), `${name}: ${title}`, options);
  }

  async accept({ id }: Kept): Promise<void> {
    await this.connection.run("ask.apply", { proposal: id });
  }

  async reject({ id }: Kept): Promise<void> {
    await this.connection.run("ask.discard", { proposal: id });
  }

  /** Asks here, not by the server, which drops the proposal before anything is typed. */
  async tryAgain({ id, title }: Kept): Promise<void> {
    const words = await vscode.window.showInputBox({
      title: `ask-lsp: ${title}`,
      prompt: vscode.l10n.t("What should be different? Leave it empty to just try again."),
      ignoreFocusOut: true,
    });
    if (words !== undefined) {
      await this.connection.run("ask.retry", { proposal: id, question: words });
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const proposal = this.shelf.get(uri.query);
    const document = vscode.workspace.textDocuments.find(
      (each) => proposal !== undefined && this.connection.serverUri(each.uri) === proposal.uri,
    );
    if (proposal === undefined || document === undefined) {
      return "";
    }
    return proposal.stale ? document.getText() : withHunks(document.getText(), proposal.hunks);
  }

  /** The server has ended; its successor tells of what it has kept. */
  clear(): void {
    for (const id of this.shelf.clear()) {
      void closeDiff(id);
    }
    this.proposalsChanged.fire();
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private take(proposal: Proposal): void {
    const isNew = this.shelf.take(proposal);
    if (proposal.state === "gone") {
      void closeDiff(proposal.id);
    }
    this.refresh([proposal.id]);
    const kept = this.shelf.get(proposal.id);
    if (isNew && kept !== undefined && this.isOurs(proposal.uri)) {
      void this.show(kept);
      if (proposal.reason !== "") {
        void vscode.window.showWarningMessage(`${proposal.title}: ${proposal.reason}`);
      }
    }
  }

  private refresh(ids: readonly string[]): void {
    for (const tab of diffTabs()) {
      if (ids.includes(tab.id)) {
        this.changed.fire(tab.uri);
      }
    }
    if (ids.length > 0) {
      this.proposalsChanged.fire();
    }
  }
}

function uriOf(id: string, name: string): vscode.Uri {
  return vscode.Uri.from({ scheme: PROPOSAL, path: `/${name}`, query: id });
}

function activeUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input.modified : vscode.window.activeTextEditor?.document.uri;
}

function diffTabs(): { tab: vscode.Tab; uri: vscode.Uri; id: string }[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap((tab) => {
      const uri = tab.input instanceof vscode.TabInputTextDiff ? tab.input.modified : undefined;
      return uri?.scheme === PROPOSAL ? [{ tab, uri, id: uri.query }] : [];
    });
}

async function closeDiff(id: string): Promise<void> {
  const tabs = diffTabs().filter((each) => each.id === id);
  // Somebody may be typing a question just then: the focus stays there.
  await vscode.window.tabGroups.close(
    tabs.map((each) => each.tab),
    true,
  );
}

function columnOf(document: vscode.Uri): vscode.ViewColumn {
  const editor = vscode.window.visibleTextEditors.find((each) => each.document.uri.toString() === document.toString());
  return editor?.viewColumn ?? vscode.ViewColumn.Active;
}
