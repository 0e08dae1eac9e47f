/**
 * `${NAME}` and `${NAME:-default}` in the values of a file, as shells read them: the default also stands in for an
 * empty variable, and `$${` is a literal `${`.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the text with its variables filled in, and the names that are not set and have no default */
export function interpolate(text: string, env: Environment): { text: string; missing: string[] } {
  const missing: string[] = [];
  const filled = text.replace(
    /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (whole, name: string, fallback: string | undefined) => {
      if (whole.startsWith('$$')) return whole.slice(1);
      const value = env[name];
      if (value !== undefined && value !== '') return value;
      if (fallback === undefined && value === undefined) missing.push(name);
      return fallback ?? '';
    },
  );
  return { text: filled, missing };
}
