/** Pages behind the hash of the address. A page that exists has an entry here; an unknown hash is the first one. */
export interface Route {
  hash: string;
  title: string;
}

export const routes: readonly Route[] = [
  { hash: '#/', title: 'Live' },
  { hash: '#model', title: 'Model' },
];

export function routeOf(hash: string): Route {
  return routes.find((route) => route.hash === hash) ?? routes[0]!;
}
