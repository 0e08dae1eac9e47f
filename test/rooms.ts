/** Reads the room table and the imports of a source tree, and finds what breaks the rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Room name to what it may import: room names, single files (`dashboard/messages.ts`), or `any`. */
export type Rooms = Map<string, string[]>;

export function readRooms(markdown: string): Rooms {
  const rooms: Rooms = new Map();
  for (const [, name, allowed] of markdown.matchAll(
    /^\| `([^`]+)` \|[^|]*(?:`[^`|]*`[^|]*)*\| ?([^|]*)\|$/gm,
  )) {
    rooms.set(name!, allowed!.trim().split(/\s+/).filter(Boolean));
  }
  return rooms;
}

/** One sentence a fault, sorted; empty when the house stands. */
export function findFaults(src: string, rooms: Rooms): string[] {
  const faults: string[] = [];
  const files = sourceFiles(src);
  const fileEdges = new Map<string, string[]>();
  const roomEdges = new Map<string, Set<string>>();

  for (const file of files) {
    const room = roomOf(file, rooms);
    if (room === undefined && file.includes('/')) faults.push(`${file}: ${dirname(file)} has no row`);
    const targets = importsOf(join(src, file)).map((target) => asSource(relative(src, target), files));
    fileEdges.set(file, targets);
    if (room === undefined) continue;
    for (const target of targets) {
      const other = roomOf(target, rooms);
      if (other === undefined || other === room) continue;
      const allowed = rooms.get(room)!;
      roomEdges.set(room, (roomEdges.get(room) ?? new Set()).add(other));
      if (allowed.includes('any') || allowed.includes(other) || allowed.includes(target)) continue;
      faults.push(`${file} imports ${target}: ${room} may not import ${other}`);
    }
  }
  for (const cycle of cycles(fileEdges)) faults.push(`file cycle: ${cycle.join(' → ')}`);
  const folders = new Map([...roomEdges].map(([room, targets]) => [room, [...targets]]));
  for (const cycle of cycles(folders)) faults.push(`folder cycle: ${cycle.join(' → ')}`);
  return faults.sort();
}

function sourceFiles(src: string): string[] {
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(src, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** The longest room name that the file's folder starts with. */
function roomOf(file: string, rooms: Rooms): string | undefined {
  for (let dir = dirname(file); dir !== '.'; dir = dirname(dir)) if (rooms.has(dir)) return dir;
  return undefined;
}

const importForms = [
  /^\s*(?:import|export)\b[^;]*?\bfrom\s*['"](\.[^'"]+)['"]/gm,
  /^\s*import\s*['"](\.[^'"]+)['"]/gm,
  /\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g,
];

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const found = importForms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1]!));
  return [...new Set(found)]
    .filter((name) => !/\.css$/.test(name))
    .map((name) => resolve(dirname(path), name));
}

function asSource(path: string, files: string[]): string {
  const plain = path.replaceAll('\\', '/').replace(/\.jsx?$/, '');
  return files.find((file) => file === `${plain}.ts` || file === `${plain}.tsx`) ?? plain;
}

/** Every cycle once, starting at its smallest name. */
function cycles(edges: Map<string, string[]>): string[][] {
  const found = new Map<string, string[]>();
  const done = new Set<string>();
  const visit = (node: string, path: string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) {
      const loop = path.slice(at);
      const first = loop.indexOf([...loop].sort()[0]!);
      const turned = [...loop.slice(first), ...loop.slice(0, first)];
      found.set(turned.join(), [...turned, turned[0]!]);
      return;
    }
    if (done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of [...edges.keys()].sort()) visit(node, []);
  return [...found.values()];
}
