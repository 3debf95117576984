/** Where one goes after signing in: a path of this page alone, never another site. */
export function returnPath(given: string | null): string {
  return given && /^\/(?![/\\])/.test(given) && !given.startsWith("/login") ? given : "/";
}
