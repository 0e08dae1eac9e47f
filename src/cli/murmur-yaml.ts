/** The murmur.yaml that `init` writes: what can be said, with its default or an example behind a `#`. */
export const murmurYaml = `# A lake of Murmur. Every setting is optional: what stands behind a # is its default, or an example.
# "murmur config check" finds mistakes, "murmur config show" prints what holds, the manual is
# docs/reference/murmur-yaml.md of the package.

# Where posts arrive, and in which form: auto | ndjson | json | csv | parquet, each also gzipped.
#landing: landing/
#format: auto

# Where your columns stand, ours to theirs, dotted paths for nested ones. The shapes of Twitter v1, X v2, Mastodon and
# Jetstream need none.
#columns: { text: tweet, user: username, date: created_at }

# What the labels mean that posts bring along.
#labels: { "0": negative, "2": neutral, "4": positive }

# What a mention is: twitter (Twitter's own rule) | word (@\\w+) | nonspace (@\\S+). Fixed once there are tables.
#mentions: twitter

# The id of neutral (negative is 0, positive is 1), and whether "total" counts it. Fixed once there are tables.
#neutral: { id: null, in_total: false }

# Zone abbreviations that you read differently, or that are missing.
#zones: { CST: "-06:00", BST: "+01:00", IST: "+05:30" }

# Who scores: bundled | lexicon | the folder of a model bundle | models:/name@alias of MLflow, which is followed.
#model: bundled
#model_poll: 2s

# A second model that scores a sample beside it, and how far new posts may drift away from the first ones.
#shadow: { model: "models:/sentiment@challenger", sample: 0.05 }
#drift: { psi: 0.25, baseline: 2000, window: 2000 }

# How each stream runs: asap or a time between batches, and how much a batch takes.
#streams:
#  bronze: { trigger: asap, max_files: 1000, max_bytes: 32MiB }
#  gold: { trigger: asap, threads: auto }

# Rules on rows (warn | drop | quarantine | fail) and on layers (warn | fail). Some hold already: murmur config show.
#expect:
#  bronze: [{ name: has text, rule: text is not null, action: quarantine }]
#  silver: [{ name: posts kept, min_ratio: 0.99, action: fail }]

# Where runs are logged and models registered: a server, a folder, empty for mlruns/ in this one, or off.
#mlflow: "\${MLFLOW_TRACKING_URI:-}"

# The live page. Any address but this machine's own needs a token.
#page: { host: 127.0.0.1, port: 4646, token: "\${MURMUR_TOKEN:-}" }
`;
