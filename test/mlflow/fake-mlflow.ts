/** The state of a pretended tracking server, and what its calls do to it. Names and answers are MLflow's. */
import { randomUUID } from 'node:crypto';
import { type Entry, fulfils, type Json, page, type Seen, sorted } from './fake-search.js';

interface FakeRun {
  info: Json & { run_id: string; experiment_id: string; start_time: number; status: string };
  metrics: (Json & { key: string; value: number | string; step: number; timestamp: number })[];
  params: Map<string, string>;
  tags: Map<string, string>;
  datasets: unknown[];
  models: unknown[];
}

interface FakeModel {
  info: Json & { model_id: string; experiment_id: string; tags: Entry[] };
  data: { params: Entry[]; metrics: Json[] };
}

interface FakeRegistered {
  name: string;
  description: unknown;
  tags: Map<string, string>;
  aliases: Map<string, string>;
  versions: (Json & { version: string; tags: Entry[] })[];
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const absent = (what: string) => new Refused(404, 'RESOURCE_DOES_NOT_EXIST', `${what} not found`);
const exists = (what: string) => new Refused(400, 'RESOURCE_ALREADY_EXISTS', `${what} already exists.`);
const invalid = (message: string) => new Refused(400, 'INVALID_PARAMETER_VALUE', message);

export class FakeMlflow {
  readonly experiments = new Map<string, Json & { name: string }>();
  readonly runs = new Map<string, FakeRun>();
  readonly models = new Map<string, FakeModel>();
  readonly registered = new Map<string, FakeRegistered>();
  readonly files = new Map<string, Buffer>();

  handle(method: string, url: URL, body: Buffer): unknown {
    const path = url.pathname.replace('/api/2.0/', '');
    if (path.startsWith('mlflow-artifacts/artifacts')) return this.#artifact(method, path, url, body);
    const query = Object.fromEntries(url.searchParams);
    const given: Json = body.length > 0 ? JSON.parse(body.toString('utf8')) : query;
    const call = `${method} ${path.replace('mlflow/', '')}`;
    const logged = /^(GET|PATCH) logged-models\/(.+)$/.exec(call);
    if (logged) return this.#loggedModel(logged[1]!, logged[2]!, given);
    return this.#call(call, given);
  }

  #call(call: string, given: Json): unknown {
    const id = String(given.run_id);
    switch (call) {
      case 'POST experiments/create': {
        const name = String(given.name);
        if ([...this.experiments.values()].some((e) => e.name === name)) throw exists(`Experiment '${name}'`);
        const experiment_id = String(this.experiments.size + 1);
        const tags = given.tags;
        const artifact_location = `mlflow-artifacts:/${experiment_id}`;
        this.experiments.set(experiment_id, { experiment_id, name, tags, artifact_location });
        return { experiment_id };
      }
      case 'GET experiments/get':
        return { experiment: this.#experiment(String(given.experiment_id)) };
      case 'GET experiments/get-by-name': {
        const found = [...this.experiments.values()].find((e) => e.name === given.experiment_name);
        if (found === undefined) throw absent('Experiment');
        return { experiment: found };
      }
      case 'POST experiments/search':
        return page([...this.experiments.values()], given, 'experiments');
      case 'POST runs/create':
        return { run: this.#seen(this.#createRun(given)) };
      case 'GET runs/get':
        return { run: this.#seen(this.#run(id)) };
      case 'POST runs/update': {
        const { info } = this.#run(id);
        Object.assign(info, given);
        return { run_info: info };
      }
      case 'POST runs/search': {
        const ids = given.experiment_ids as string[];
        const found = [...this.runs.values()]
          .filter(
            (run) => ids.includes(run.info.experiment_id) && fulfils(this.#seen(run), String(given.filter)),
          )
          .sort((a, b) => b.info.start_time - a.info.start_time);
        const [order] = (given.order_by ?? []) as string[];
        const seen = found.map((run) => this.#seen(run));
        return page(order === undefined ? seen : sorted(seen, order), given, 'runs');
      }
      case 'POST runs/log-batch':
        return this.#logBatch(this.#run(id), given);
      case 'GET metrics/get-history': {
        const points = this.#run(id).metrics.filter(({ key }) => key === given.metric_key);
        return page(points, given, 'metrics');
      }
      case 'POST runs/log-inputs':
        this.#run(id).datasets.push(...(given.datasets as unknown[]));
        return {};
      case 'POST runs/outputs':
        this.#run(id).models.push(...(given.models as unknown[]));
        return {};
      case 'POST logged-models':
        return { model: this.#createModel(given) };
      case 'POST logged-models/search': {
        const found = [...this.models.values()].filter(({ info }) =>
          fulfils({ info, data: { metrics: [], params: [], tags: info.tags } }, String(given.filter)),
        );
        return page(found, given, 'models');
      }
      default:
        return this.#registryCall(call, given);
    }
  }

  #registryCall(call: string, given: Json): unknown {
    const name = String(given.name);
    switch (call) {
      case 'POST registered-models/create': {
        if (this.registered.has(name)) throw exists(`Registered Model (name=${name})`);
        const model = {
          name,
          description: given.description,
          tags: map(given.tags),
          aliases: new Map(),
          versions: [],
        };
        this.registered.set(name, model);
        return { registered_model: shown(model) };
      }
      case 'GET registered-models/get':
        return { registered_model: shown(this.#model(name)) };
      case 'GET registered-models/search':
        return page([...this.registered.values()].map(shown), given, 'registered_models');
      case 'POST registered-models/set-tag':
        this.#model(name).tags.set(String(given.key), String(given.value));
        return {};
      case 'POST model-versions/create': {
        const model = this.#model(name);
        const version = String(model.versions.length + 1);
        const { source, run_id, model_id, description, tags } = given;
        const created = {
          name,
          version,
          source,
          run_id,
          description,
          tags: (tags ?? []) as Entry[],
          model_id,
        };
        model.versions.push({ ...created, creation_timestamp: Date.now(), status: 'READY' });
        return { model_version: this.#version(name, version) };
      }
      case 'GET model-versions/get':
        return { model_version: this.#version(name, String(given.version)) };
      case 'GET model-versions/search': {
        const wanted = /^name=['"](.*)['"]$/.exec(String(given.filter))![1]!;
        const versions = (this.registered.get(wanted)?.versions ?? []).map((v) =>
          this.#version(wanted, v.version),
        );
        return page(versions.reverse(), given, 'model_versions');
      }
      case 'POST model-versions/set-tag': {
        const { tags } = this.#stored(name, String(given.version));
        tags.push({ key: String(given.key), value: String(given.value) });
        return {};
      }
      case 'GET model-versions/get-download-uri': {
        const { source, model_id } = this.#stored(name, String(given.version));
        return { artifact_uri: this.models.get(String(model_id))?.info.artifact_uri ?? source };
      }
      case 'POST registered-models/alias':
        this.#stored(name, String(given.version));
        this.#model(name).aliases.set(String(given.alias), String(given.version));
        return {};
      case 'DELETE registered-models/alias':
        this.#model(name).aliases.delete(String(given.alias));
        return {};
      case 'GET registered-models/alias': {
        const version = this.#model(name).aliases.get(String(given.alias));
        if (version === undefined) throw invalid(`Registered model alias ${given.alias} not found.`);
        return { model_version: this.#version(name, version) };
      }
    }
    throw absent(`call ${call}`);
  }

  #createRun(given: Json): FakeRun {
    const run_id = randomUUID().replaceAll('-', '');
    const experiment_id = String(given.experiment_id);
    this.#experiment(experiment_id);
    const run: FakeRun = {
      info: {
        run_id,
        experiment_id,
        run_name: given.run_name,
        start_time: Number(given.start_time),
        status: 'RUNNING',
        artifact_uri: `mlflow-artifacts:/${experiment_id}/${run_id}/artifacts`,
      },
      metrics: [],
      params: new Map(),
      tags: map(given.tags),
      datasets: [],
      models: [],
    };
    run.tags.set('mlflow.runName', String(given.run_name));
    this.runs.set(run_id, run);
    return run;
  }

  #logBatch(run: FakeRun, given: Json): Json {
    const {
      metrics = [],
      params = [],
      tags = [],
    } = given as {
      metrics?: FakeRun['metrics'];
      params?: Entry[];
      tags?: Entry[];
    };
    const tooMany = metrics.length > 1000 || params.length > 100 || tags.length > 100;
    if (tooMany || metrics.length + params.length + tags.length > 1000) throw invalid('too many in one call');
    for (const { key, value } of params) {
      if ((run.params.get(key) ?? value) !== value)
        throw invalid(`Changing param values is not allowed. ${key}`);
      run.params.set(key, value);
    }
    for (const { key, value } of tags) run.tags.set(key, value);
    const known = new Set(run.metrics.map((one) => JSON.stringify(one)));
    for (const metric of metrics) {
      if (known.has(JSON.stringify(metric))) continue;
      run.metrics.push(metric);
      if (metric.model_id !== undefined) this.models.get(String(metric.model_id))?.data.metrics.push(metric);
    }
    return {};
  }

  #createModel(given: Json): FakeModel {
    const model_id = `m-${randomUUID().replaceAll('-', '')}`;
    const experiment_id = String(given.experiment_id);
    const model: FakeModel = {
      info: {
        model_id,
        experiment_id,
        name: given.name,
        source_run_id: given.source_run_id,
        status: 'LOGGED_MODEL_PENDING',
        artifact_uri: `mlflow-artifacts:/${experiment_id}/models/${model_id}/artifacts`,
        tags: given.tags as Entry[],
      },
      data: { params: given.params as Entry[], metrics: [] },
    };
    this.models.set(model_id, model);
    return model;
  }

  #loggedModel(method: string, id: string, given: Json): unknown {
    const model = this.models.get(id);
    if (model === undefined) throw absent(`Logged model ${id}`);
    if (method === 'PATCH') Object.assign(model.info, { status: given.status });
    return { model };
  }

  #artifact(method: string, path: string, url: URL, body: Buffer): unknown {
    const file = decodeURIComponent(path.replace(/^mlflow-artifacts\/artifacts\/?/, ''));
    if (method === 'PUT') {
      this.files.set(file, body);
      return {};
    }
    if (file !== '') {
      const found = this.files.get(file);
      if (found === undefined) throw absent(file);
      return found;
    }
    const prefix = `${url.searchParams.get('path')}/`;
    const files = new Map<string, Json>();
    for (const [name, bytes] of this.files) {
      if (!name.startsWith(prefix)) continue;
      const [first, ...rest] = name.slice(prefix.length).split('/');
      files.set(first!, {
        path: first,
        is_dir: rest.length > 0,
        file_size: rest.length > 0 ? 0 : bytes.length,
      });
    }
    return { files: [...files.values()] };
  }

  #seen(run: FakeRun): Seen {
    const newest = new Map<string, FakeRun['metrics'][number]>();
    for (const metric of run.metrics) {
      const known = newest.get(metric.key);
      if (known === undefined || metric.step > known.step) newest.set(metric.key, metric);
    }
    return {
      info: run.info,
      data: { metrics: [...newest.values()], params: entriesOf(run.params), tags: entriesOf(run.tags) },
      inputs: { dataset_inputs: run.datasets },
      outputs: { model_outputs: run.models },
    };
  }

  #experiment(id: string): Json {
    const found = this.experiments.get(id);
    if (found === undefined) throw absent(`Experiment ${id}`);
    return found;
  }

  #run(id: string): FakeRun {
    const run = this.runs.get(id);
    if (run === undefined) throw absent(`Run ${id}`);
    return run;
  }

  #model(name: string): FakeRegistered {
    const model = this.registered.get(name);
    if (model === undefined) throw absent(`Registered Model ${name}`);
    return model;
  }

  #stored(name: string, version: string): FakeRegistered['versions'][number] {
    const found = this.#model(name).versions.find((one) => one.version === version);
    if (found === undefined) throw absent(`Model Version ${version}`);
    return found;
  }

  #version(name: string, version: string): Json {
    const aliases = [...this.#model(name).aliases].filter(([, v]) => v === version).map(([alias]) => alias);
    return { ...this.#stored(name, version), aliases };
  }
}

function shown(model: FakeRegistered): Json {
  return {
    name: model.name,
    description: model.description,
    tags: entriesOf(model.tags),
    aliases: [...model.aliases].map(([alias, version]) => ({ alias, version })),
  };
}

const entriesOf = (values: Map<string, string>): Entry[] =>
  [...values].map(([key, value]) => ({ key, value }));

function map(list: unknown): Map<string, string> {
  return new Map(((list ?? []) as Entry[]).map(({ key, value }) => [key, value]));
}
