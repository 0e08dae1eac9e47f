/** A process with a scorer, to be killed or to end by itself. Prints the process ids of its workers. */
import { loadBundle } from '../../src/scoring/bundle.js';
import { bundleFolder } from '../../src/scoring/bundle-folder.js';
import { OnnxScorer } from '../../src/scoring/onnx-scorer.js';
import { madeUpTexts } from './made-up-texts.js';

const scorer = new OnnxScorer(await loadBundle(await bundleFolder('bundled')), { threads: 2, cache: false });
while (scorer.stats().loads < 2) await scorer.score(['hello']);
const running = process.argv[2] === 'busy' ? scorer.score(madeUpTexts(20_000)) : undefined;
console.log(JSON.stringify(scorer.pids));
await running;
