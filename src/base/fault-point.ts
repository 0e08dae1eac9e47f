/**
 * Named places where a test may kill the process or make an operation fail, to prove that what follows a crash
 * there is sound. In normal runs every call is one comparison with `undefined`.
 */
type FaultAction = (name: string) => void;

let armed: { name: string; hits: number; action: FaultAction } | undefined;

/** Arms one point: its `nth` passage (1 = the first) runs `action`, which throws or ends the process. */
export function armFaultPoint(name: string, action: FaultAction, nth = 1): void {
  armed = { name, hits: nth, action };
}

export function disarmFaultPoint(): void {
  armed = undefined;
}

/** Passing a place where a crash must be harmless. */
export function faultPoint(name: string): void {
  if (armed === undefined || armed.name !== name) return;
  if (--armed.hits > 0) return;
  const { action } = armed;
  armed = undefined;
  action(name);
}
