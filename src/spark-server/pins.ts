/** What a local Spark is made of, to the byte where it comes without an installer that checks. */

export const sparkVersion = '4.2.1';
export const deltaVersion = '4.4.0';

/** Of Python and Java, the oldest that all of this runs on. */
export const oldestPython = '3.11';
export const oldestJava = 17;

/** Spark, and what its workers need to score posts. */
export const pythonPackages: readonly string[] = [
  `pyspark==${sparkVersion}`,
  'numpy==2.4.6',
  'onnxruntime==1.31.1',
  'pyarrow==26.0.1',
  'pyyaml==6.0.3',
  'tokenizers==0.23.3',
];

export interface Jar {
  artifact: string;
  version: string;
  sha256: string;
}

/** Of group `io.delta`. All else that Delta asks for is in Spark already, and newer. */
export const deltaJars: readonly Jar[] = [
  {
    artifact: `delta-spark_${sparkVersion.replace(/\.\d+$/, '')}_2.13`,
    version: deltaVersion,
    sha256: '27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead',
  },
  {
    artifact: 'delta-storage',
    version: deltaVersion,
    sha256: 'c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc',
  },
];

export function jarName({ artifact, version }: Jar): string {
  return `${artifact}-${version}.jar`;
}
