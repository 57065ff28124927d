// Writes cpp/table.h, the C++ side of the kernel table, from packages/unrolled/src/device/kernels.ts (built).
// Usage: npx tsc -b packages/unrolled && node packages/kernels/scripts/make-table.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const types = {
  in: "const float*",
  out: "float*",
  inout: "float*",
  optional: "const float*",
  optionalInout: "float*",
  ids: "const int32_t*",
  optionalIds: "const int32_t*",
  outIds: "int32_t*",
  inoutIds: "int32_t*",
  int: "int64_t",
  float: "double",
};

const isNumber = (kind) => kind === "int" || kind === "float";
const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
const capital = (name) => name[0].toUpperCase() + name.slice(1);

/** How one parameter is decoded when `at` numbers stand before it. */
function decode(name, kind, at) {
  if (kind === "int") return `    a.${name} = static_cast<int64_t>(numbers[${at}]);`;
  if (kind === "float") return `    a.${name} = numbers[${at}];`;
  return `    a.${name} = at<${types[kind].replace("*", "").replace("const ", "")}>(base, numbers + ${at});`;
}

function argumentStruct(name, { parameters, tail }) {
  const fields = [];
  const reads = [];
  let at = 0;
  for (const [parameter, kind] of Object.entries(parameters)) {
    fields.push(`  ${types[kind]} ${parameter};`);
    reads.push(decode(parameter, kind, at));
    at += isNumber(kind) ? 1 : 2;
  }
  if (tail) {
    fields.push("  const double* tail;");
    reads.push(`    a.tail = numbers + ${at};`);
  }
  const struct = `${capital(name)}Args`;
  return [
    `struct ${struct} {`,
    ...fields,
    "",
    `  static ${struct} read(float* base, const double* numbers) {`,
    `    ${struct} a;`,
    ...reads,
    "    return a;",
    "  }",
    "};",
    "",
  ];
}

function enumeration(name, members) {
  return [`enum class ${name} : int {`, ...members.map((member) => `  ${camel(member)}_,`), "};", ""];
}

/** One letter per argument of a kernel: b buffer, n number; + where further numbers may follow. */
const shape = ({ parameters, tail }) =>
  Object.values(parameters)
    .map((kind) => (isNumber(kind) ? "n" : "b"))
    .join("") + (tail ? "+" : "");

/** The text of cpp/table.h for a kernel table. */
export function makeTable({ kernels, kernelNames, mapOpcodes, mapLimits, rnnActivations, cellActivations }) {
  return [
    "// The kernel table in C++. Generated from packages/unrolled/src/device/kernels.ts by scripts/make-table.mjs: do not edit.",
    "// Names end in _ where they could be C++ words. Absent buffers are nullptr.",
    "#pragma once",
    "",
    "#include <stdint.h>",
    "",
    '#include "build.h"',
    "",
    "namespace UNROLLED {",
    "",
    `constexpr int kernelCount = ${kernelNames.length};`,
    ...Object.entries(mapLimits).map(([name, limit]) => `constexpr int map${capital(name)} = ${limit};`),
    "",
    ...enumeration("Kernel", kernelNames),
    ...enumeration("MapOpcode", mapOpcodes),
    ...enumeration("RnnActivation", rnnActivations),
    ...enumeration("CellActivation", cellActivations),
    "/** One letter per argument of a kernel: b buffer, n number; + where further numbers may follow. */",
    "constexpr const char* kernelShapes[kernelCount] = {",
    ...kernelNames.map((name) => `    "${shape(kernels[name])}",  // ${name}`),
    "};",
    "",
    "/** A buffer is two numbers: offset and length in words. 0, 0 is an absent one. */",
    "template <typename T>",
    "inline T* at(float* base, const double* numbers) {",
    "  if (numbers[0] == 0 && numbers[1] == 0) return nullptr;",
    "  return reinterpret_cast<T*>(base + static_cast<int64_t>(numbers[0]));",
    "}",
    "",
    ...kernelNames.flatMap((name) => argumentStruct(name, kernels[name])),
    "}  // namespace UNROLLED",
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const table = await import("../../unrolled/dist/device/kernels.js");
  writeFileSync(new URL("../cpp/table.h", import.meta.url), makeTable(table));
}
