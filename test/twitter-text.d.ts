/** The part of twitter-text that the tests use as an oracle. */
declare module 'twitter-text' {
  const twitter: { extractMentions(text: string): string[] };
  export default twitter;
}
