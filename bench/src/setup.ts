// Installs the peers under bench/peers: JavaScript libraries from npm, OpenBLAS for Debian's PyTorch. `npm run bench:setup`.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder, nodePackage, openBlasFolder, python } from "./measure/configurations.js";

const folder = join(benchFolder, "peers");
const peers = {
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "brain.js": "1.6.1",
  "@jax-js/jax": "0.1.25",
  [nodePackage]: "26",
};

function run(file: string, args: readonly string[]): boolean {
  const { status, error, stderr } = spawnSync(file, args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status !== 0) process.stdout.write(`${file} ${args[0]}: ${error?.message ?? stderr.trim().split("\n").pop()}\n`);
  return status === 0;
}

function javascriptPeers(): void {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true, dependencies: peers }, null, 2)}\n`);
  const done = run("npm", [
    "install",
    "--ignore-scripts",
    "--omit=optional",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
  ]);
  process.stdout.write(
    done
      ? `installed ${Object.keys(peers).join(", ")}\n`
      : "the JavaScript peers are not installed; npm run bench leaves them out\n",
  );
}

/** Debian's PyTorch takes whatever BLAS the system has; without OpenBLAS that is the reference BLAS, which is many times slower. */
function openBlas(): void {
  if (openBlasFolder()) return void process.stdout.write("OpenBLAS is there\n");
  if (!run("apt-get", ["download", "libopenblas0-pthread"])) {
    process.stdout.write(
      "OpenBLAS is not unpacked; install libopenblas0-pthread, so that PyTorch and numpy are measured at their best\n",
    );
    return;
  }
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".deb"))) {
    run("dpkg-deb", ["-x", name, "openblas"]);
    rmSync(join(folder, name));
  }
  process.stdout.write("unpacked OpenBLAS\n");
}

function pythonPeers(): void {
  for (const name of ["torch", "numpy"])
    process.stdout.write(
      run(python(), ["-c", `import ${name}`]) ? `${name} is there\n` : `${name} is not: apt install python3-${name}\n`,
    );
}

mkdirSync(folder, { recursive: true });
pythonPeers();
openBlas();
javascriptPeers();
