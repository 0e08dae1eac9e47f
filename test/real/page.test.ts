/**
 * The live page in Debian's Chromium, served by the real commands: it loads, moves, takes a post and shows its score,
 * switches a stream, says what to do when the pipeline or the server is gone. Pictures of each state go to .cache/page/.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { killGroup, start } from '../e2e/murmur.js';
import { launchChromium } from './setup/chromium.js';

const pictures = fileURLToPath(new URL('../../.cache/page/', import.meta.url));
const patience = { timeout: 60_000 };

let browser: Browser;
let dir: string;
let server: ChildProcess | undefined;
let url: string;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  dir = mkdtempSync(join(tmpdir(), 'murmur-page-'));
  browser = await launchChromium();
  url = await serve(['demo', join(dir, 'lake'), '--port', '0', '--rate', '20']);
});
afterAll(async () => {
  await browser?.close();
  if (server !== undefined) await killGroup(server);
  rmSync(dir, { recursive: true, force: true });
});

/** Starts a command that serves the page, and waits for its address. */
async function serve(args: string[]): Promise<string> {
  const child = start(args);
  server = child;
  child.stdin!.end();
  let said = '';
  child.stdout!.on('data', (text) => (said += text));
  child.stderr!.on('data', (text) => (said += text));
  const address = () => /http:\/\/localhost:\d+\//.exec(said)?.[0];
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  await vi.waitUntil(() => address() !== undefined || ended(), patience);
  const found = address();
  if (found === undefined) throw new Error(`murmur ${args.join(' ')} ended: ${said}`);
  return found;
}

async function interrupt(): Promise<void> {
  const child = server!;
  server = undefined;
  child.kill('SIGINT');
  try {
    await expect.poll(() => child.exitCode, { ...patience, message: 'exit code after Ctrl-C' }).toBe(0);
  } finally {
    await killGroup(child);
  }
}

interface Opened {
  page: Page;
  /** What the browser complained of, and every request that left for elsewhere. */
  faults: string[];
}

async function openPage(look: { dark?: boolean; width?: number } = {}): Promise<Opened> {
  const page = await browser.newPage({
    viewport: { width: look.width ?? 1280, height: 900 },
    colorScheme: look.dark ? 'dark' : 'light',
  });
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults };
}

// What follows a click or a message appears with the browser's next frame: every look at the page is a poll.
const headline = (page: Page) => page.locator('h1').textContent();
const modelShown = (page: Page) => page.locator('.fact strong').first().textContent();
const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth');
const goldRows = async (page: Page) =>
  Number((await page.locator('.totals tr:has-text("gold") .strong').textContent())!.replaceAll(',', ''));

it('shows a running pipeline, and its values move', async () => {
  const { page, faults } = await openPage();
  await expect.poll(() => headline(page), patience).toMatch(/^Flowing: /);
  await page.locator('.posts li').first().waitFor(patience);
  await page.locator('.bars li').first().waitFor(patience);
  const before = await goldRows(page);
  await expect.poll(() => goldRows(page), patience).toBeGreaterThan(before);
  await expect.poll(() => page.locator('.chart canvas').count(), patience).toBe(3);
  await expect.poll(() => page.title(), patience).toMatch(/\/s · lake · Murmur$/);
  for (const stream of ['bronze', 'silver', 'gold', 'application']) {
    const rate = page.locator(`.tile[data-stream=${stream}] strong`);
    await expect.poll(() => rate.textContent(), patience).not.toBe('0');
  }
  await page.screenshot({ path: join(pictures, 'live.png'), fullPage: true });
  expect(faults).toEqual([]);
  await page.close();
});

it('a typed post comes back scored, by keyboard alone', async () => {
  const { page, faults } = await openPage({ dark: true });
  const box = page.getByLabel('Your post');
  await box.focus();
  await page.keyboard.type('I love this @northport_line7, what a wonderful day! <b>"&amp;');
  await page.keyboard.press('Enter');
  const journey = page.locator('.journey').first();
  await journey.locator('.verdict').waitFor(patience);
  await expect.poll(() => journey.locator('.stations .done').count(), patience).toBe(5);
  await expect
    .poll(() => journey.locator('.journey-text').textContent(), patience)
    .toBe('I love this @northport_line7, what a wonderful day! <b>"&amp;');
  await expect.poll(() => journey.locator('.verdict').textContent(), patience).toMatch(/^positive \d+\.\d$/);
  await expect.poll(() => box.inputValue(), patience).toBe('');
  await page.screenshot({ path: join(pictures, 'typed-dark.png') });
  expect(faults).toEqual([]);
  await page.close();
});

it('stops a stream and starts it again', async () => {
  const { page, faults } = await openPage();
  await page.getByRole('button', { name: 'Stop gold' }).click();
  await expect.poll(() => headline(page), patience).toBe('Gold is stopped.');
  await page.screenshot({ path: join(pictures, 'gold-stopped.png') });
  const before = await goldRows(page);
  await page.getByRole('button', { name: 'Start gold' }).click();
  await expect.poll(() => headline(page), patience).toMatch(/^Flowing: /);
  await expect.poll(() => goldRows(page), patience).toBeGreaterThan(before);
  expect(faults).toEqual([]);
  await page.close();
});

it('shows how right the model is, live, in both themes and on a narrow screen', async () => {
  for (const look of [{}, { dark: true }, { dark: true, width: 400 }]) {
    const { page, faults } = await openPage(look);
    await page.getByRole('link', { name: 'Model', exact: true }).click();
    await expect.poll(() => headline(page), patience).toMatch(/^Right on [\d.]+\s% of the posts/);
    const counts = () => page.locator('.confusion svg text[font-size="18"]').allTextContents();
    await expect.poll(counts, patience).toHaveLength(9);
    const total = async () => (await counts()).reduce((sum, text) => sum + Number(text), 0);
    const labelled = await total();
    expect(labelled).toBeGreaterThan(0);
    await expect
      .poll(async () => (await page.locator('.measures .readout').textContent())!, patience)
      .toMatch(/coverage (100\.0|99\.\d)\s%$/);
    // Posts go on coming, and the matrix with them.
    await expect.poll(total, patience).toBeGreaterThan(labelled);
    await expect.poll(() => modelShown(page), patience).toMatch(/^murmur-minilm-tweets\/\d/);
    await expect.poll(() => overflow(page), patience).toBe(0);
    const name = `model${look.dark ? '-dark' : ''}${look.width ? '-narrow' : ''}.png`;
    await page.screenshot({ path: join(pictures, name), fullPage: true });
    expect(faults).toEqual([]);
    await page.close();
  }
});

it('fits a narrow screen, and remembers the colours that were chosen', async () => {
  const { page, faults } = await openPage({ width: 400 });
  await page.locator('.bars li').first().waitFor(patience);
  await expect.poll(() => overflow(page), patience).toBe(0);
  const scheme = () => page.evaluate('getComputedStyle(document.documentElement).colorScheme');
  const colours = page.getByRole('button', { name: /^Colours/ });
  await colours.click();
  await colours.click();
  await expect.poll(scheme, patience).toBe('dark');
  await page.reload();
  await page.locator('.bars li').first().waitFor(patience);
  await expect.poll(scheme, patience).toBe('dark');
  await page.screenshot({ path: join(pictures, 'narrow-dark.png'), fullPage: true });
  expect(faults).toEqual([]);
  await page.close();
});

it('says when the server is gone, comes back by itself, and then says that nothing runs', async () => {
  const { page } = await openPage();
  await expect.poll(() => headline(page), patience).toMatch(/^Flowing: /);
  await interrupt();
  await expect
    .poll(() => page.locator('.lost-banner').textContent(), patience)
    .toContain('No connection to Murmur.');
  await page.screenshot({ path: join(pictures, 'lost.png') });

  const { port } = new URL(url);
  await serve(['-C', join(dir, 'lake'), 'dashboard', '--port', port]);
  await expect.poll(() => headline(page), patience).toBe('The pipeline is not running.');
  await expect.poll(() => page.locator('.lost-banner').count(), patience).toBe(0);
  await expect.poll(() => page.locator('.command code').textContent(), patience).toBe('murmur run');
  await expect.poll(() => goldRows(page), patience).toBeGreaterThan(0);
  await expect.poll(() => page.locator('.posts li').count(), patience).toBe(20);
  await page.screenshot({ path: join(pictures, 'stopped.png'), fullPage: true });
  await page.getByRole('link', { name: /^Right on/ }).click();
  await expect.poll(() => page.locator('.confusion svg').count(), patience).toBe(1);
  await expect.poll(() => modelShown(page), patience).toMatch(/^murmur-minilm-tweets\/\d/);
  await page.close();
});

it('of an empty lake says how to begin', async () => {
  await interrupt();
  const init = start(['init', join(dir, 'empty')]);
  await new Promise((resolve) => init.on('exit', resolve));
  url = await serve(['-C', join(dir, 'empty'), 'dashboard', '--port', '0']);
  const { page, faults } = await openPage();
  await page.getByText('Three ways to begin').waitFor(patience);
  await expect.poll(() => headline(page), patience).toBe('The pipeline is not running.');
  await page.screenshot({ path: join(pictures, 'empty.png') });
  await page.getByRole('link', { name: 'Model', exact: true }).click();
  await expect.poll(() => headline(page), patience).toBe('No post has been scored yet.');
  await expect.poll(() => page.locator('.command code').textContent(), patience).toBe('murmur run');
  expect(faults).toEqual([]);
  await page.close();
});
