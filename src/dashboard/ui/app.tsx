/** The frame: head, banner when the line is lost, and the live page. */
import { useEffect, useState } from 'preact/hooks';
import { Composer } from './composer.js';
import { FlowHead, StreamTiles } from './flow.js';
import { isEmpty, postRate } from './flow-state.js';
import { decimal } from './format.js';
import { Logo, ThemeIcon } from './icons.js';
import { LatestPosts } from './latest-posts.js';
import { ModelView } from './model-view.js';
import { Mood, MoodBar } from './mood.js';
import type { PageModel } from './page-model.js';
import { People } from './people.js';
import { RightLine } from './right-line.js';
import { type Route, routeOf, routes } from './routes.js';
import { StreamGraphs } from './stream-graphs.js';
import { TableTotals } from './table-totals.js';
import { applyTheme, storedTheme, themes } from './theme.js';
import { type Page, useNow, usePage } from './use-page.js';

export function App() {
  const page = usePage();
  const clock = useNow();
  const { link, model } = page;
  // A page that lost its server stands still at that moment, instead of telling that nothing flows.
  const route = routeOf(useHash());
  const now = (link === 'lost' ? page.lostAt : clock) + (model?.clockOffset ?? 0);
  useTitle(model, now);
  return (
    <>
      <button type="button" class="skip" onClick={toContent}>
        To the content
      </button>
      <Head model={model} link={link} route={route} />
      {link === 'lost' && <LostBanner page={page} clock={clock} />}
      <main id="main" tabindex={-1} class={link === 'lost' ? 'frozen' : ''}>
        {model === undefined ? (
          <Listening />
        ) : route.hash === '#model' ? (
          <ModelView model={model} now={now} />
        ) : (
          <Live page={page} model={model} now={now} />
        )}
      </main>
      {model !== undefined && (
        <footer class="foot quiet">
          Murmur {model.version} · {model.lake.dir}
        </footer>
      )}
    </>
  );
}

function Live({ page, model, now }: { page: Page; model: PageModel; now: number }) {
  // One tree for both, so that the box keeps its text and focus when the first posts arrive.
  const empty = isEmpty(model);
  return (
    <>
      <div class="opening">
        <FlowHead model={model} now={now} />
        <MoodBar sentiment={model.sentiment} posts={model.posts} />
      </div>
      <StreamTiles model={model} now={now} />
      <div class="columns">
        <div class="column">
          {empty ? (
            <Beginning model={model} />
          ) : (
            <>
              <People mentions={model.mentions} />
              <RightLine quality={model.quality} running={model.flow.running} />
              <Mood sentiment={model.sentiment} now={now} />
              <StreamGraphs model={model} now={now} />
            </>
          )}
        </div>
        <div class="column">
          <Composer journeys={model.journeys} running={model.flow.running} now={now} onSent={page.follow} />
          {!empty && <LatestPosts posts={model.posts} now={now} />}
        </div>
      </div>
      {!empty && <TableTotals tables={model.tables} now={now} />}
    </>
  );
}

/** What to do where there is nothing yet. */
function Beginning({ model }: { model: PageModel }) {
  return (
    <section class="panel beginning">
      <h2>Three ways to begin</h2>
      <ol>
        <li>
          <b>Your own posts.</b> Copy files of posts (NDJSON, JSON, CSV or Parquet) into{' '}
          <code>{model.lake.landing}</code>. They are picked up as they come.
        </li>
        <li>
          <b>Made-up posts.</b> <code>murmur demo</code> starts a lake of its own, with a generator that never
          stops talking.
        </li>
        <li>
          <b>A single one.</b> Type it here and follow it through the tables.
        </li>
      </ol>
    </section>
  );
}

function Listening() {
  return (
    <div class="listening quiet" role="status">
      <Logo />
      <p>Listening…</p>
    </div>
  );
}

function LostBanner({ page, clock }: { page: Page; clock: number }) {
  const seconds = Math.max(0, Math.ceil((page.retryAt - clock) / 1000));
  return (
    <div class="lost-banner" role="alert">
      <p>
        <b>No connection to Murmur.</b>{' '}
        {page.model === undefined ? 'Is it running?' : 'What you see has stopped moving.'}{' '}
        <span class="number">{seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…'}</span>
      </p>
      <button type="button" class="plain" onClick={page.reconnect}>
        Try now
      </button>
    </div>
  );
}

/** Past the head. A link would change the hash, which names the view. */
function toContent(): void {
  document.getElementById('main')?.focus();
}

function Head({ model, link, route }: { model: PageModel | undefined; link: Page['link']; route: Route }) {
  const state = link === 'live' ? (model?.flow.running ? 'live' : 'not running') : link;
  return (
    <header class="head">
      <a class="brand" href="#/">
        <Logo />
        <span>Murmur</span>
      </a>
      {model !== undefined && (
        <span class="lake" title={model.lake.dir}>
          {model.lake.name}
        </span>
      )}
      <nav aria-label="Pages">
        {routes.map((each) => (
          <a key={each.hash} href={each.hash} aria-current={each === route ? 'page' : undefined}>
            {each.title}
          </a>
        ))}
      </nav>
      <span class={`link-state ${state.replace(' ', '-')}`}>{state}</span>
      <ThemeSwitch />
    </header>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!;
  return (
    <button
      type="button"
      class="switch"
      aria-label={`Colours: ${theme}. Change to ${next}`}
      title={`Colours: ${theme}`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <ThemeIcon theme={theme} />
    </button>
  );
}

function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => setHash(location.hash);
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return hash;
}

/** The tab says how fast it flows, for those who look at something else. */
function useTitle(model: PageModel | undefined, now: number): void {
  const rate = model === undefined ? 0 : postRate(model.series.get('bronze'), now);
  const name = model === undefined ? 'Murmur' : `${model.lake.name} · Murmur`;
  const title = rate > 0 ? `${decimal(rate)}/s · ${name}` : name;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
