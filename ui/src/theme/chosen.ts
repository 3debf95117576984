/** The theme that a person chose on this machine; without a choice the system's counts. */

export const THEMES: Record<string, string> = { system: "system", light: "light", dark: "dark" };
const PLACE = "argosy.theme";

export function chooseTheme(theme: string): void {
  localStorage.setItem(PLACE, theme);
  showTheme();
}

export function showTheme(): void {
  const theme = localStorage.getItem(PLACE) ?? "";
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}
