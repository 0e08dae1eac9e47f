/** A line to type in a terminal, and a button that copies it. */
import { useState } from 'preact/hooks';

export function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <p class="command">
      <code>{text}</code>
      <button type="button" class="plain" onClick={copy} aria-label={`Copy ${text}`}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </p>
  );
}
