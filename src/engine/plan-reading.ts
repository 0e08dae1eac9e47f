/** What an engine asks of a plan before it compiles it. */
import { MurmurError } from '../base/errors.js';
import type { Node, Plan } from './plan.js';

export type ReadNode = Extract<Node, { op: 'read' }>;

/** The nodes of a plan in the order of a row's way, the read node apart. */
export function nodesOf({ node: root }: Plan): { read: ReadNode; nodes: Node[] } {
  const nodes: Node[] = [];
  let node = root;
  for (; node.op !== 'read'; node = node.input) nodes.push(node);
  return { read: node, nodes: nodes.reverse() };
}

/** The table that a plan reads, or `landing`. */
export function planInput(plan: Plan): string {
  return nodesOf(plan).read.from;
}

/** Whether a post may give more than one row. */
export function fansOut(plan: Plan): boolean {
  return nodesOf(plan).nodes.some((node) => node.op === 'explode');
}

export function invalidPlan(what: string): MurmurError {
  return new MurmurError('engine.plan_invalid', `plan with ${what}`, { fault: 'internal' });
}
