"""What the tests ask of the VS Code API (`vscode`, `given`) and of the page (`page`, `given`): bodies of functions."""

# VS Code keeps documents for a while after their tabs are closed, so it is the tabs that say what is there.
TEXT = """
const tabs = vscode.window.tabGroups.all.flatMap(group => group.tabs);
const shown = tabs.map(tab => tab.input).flatMap(input => [input?.uri, input?.modified, input?.original]);
const uris = shown.filter(uri => uri?.toString(true).includes(given)).map(String);
return vscode.workspace.textDocuments.find(document => document.uri.toString() === uris.at(-1))?.getText();
"""
CURSOR = """
const editor = vscode.window.activeTextEditor;
const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
return { tab: tab?.label, at: editor && [editor.selection.active.line, editor.selection.active.character] };
"""
OPEN = """
await vscode.window.showTextDocument(vscode.Uri.file(given), { viewColumn: 1, preview: false });
"""
SELECT = """
const editor = vscode.window.activeTextEditor;
const at = editor.document.getText().indexOf(given);
if (at < 0) throw new Error("not there: " + given);
editor.selection = new vscode.Selection(editor.document.positionAt(at), editor.document.positionAt(at + given.length));
await vscode.commands.executeCommand("workbench.action.focusActiveEditorGroup");
return editor.selection.active.line;
"""
PUT = """
vscode.window.activeTextEditor.selection = new vscode.Selection(...given, ...given);
await vscode.commands.executeCommand("workbench.action.focusActiveEditorGroup");
"""
ACTIONS = """
const { document, selection } = vscode.window.activeTextEditor;
const found = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, selection);
return found.map(action => action.title);
"""
INPUT = """
const box = page.locator(".quick-input-widget:visible");
return (await box.count()) > 0 ? await box.first().innerText() : "";
"""
MENU = """
return page.locator(".action-widget .monaco-list-row.action .title").allTextContents();
"""
FOCUSED = """
return (await page.locator(".action-widget .monaco-list-row.action.focused .title").allTextContents()).join();
"""
