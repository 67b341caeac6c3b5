import { BASE64_SECRET, HEX_SECRET, program, runs, SEVERAL, STALE, variable, WHSEC_SECRET } from "./plan.js";

export const ruby = {
  id: "ruby",
  name: "Ruby",
  file: "receiver.rb",
  run: "ruby receiver.rb",

  write(it) {
    const name = variable(it);
    const mayRaise = it.isDated && !/seconds/.test(it.timeFormat);
    return program(
      'require "openssl"',
      'require "socket"',
      mayRaise && 'require "time"',
      "",
      it.isPublic ? publicKey(name ? `ENV.fetch("${name}")` : quote(it.publicKey)) : secretKey(it.secretEncoding),
      "",
      "def genuine?(headers, body)",
      it.id && `  id = headers[${quote(it.id.toLowerCase())}]`,
      it.time?.header && `  timestamp = headers[${quote(it.time.header.toLowerCase())}].to_s`,
      `  header = headers[${quote(it.header.toLowerCase())}].to_s`,
      it.time?.pattern && `  timestamp = header[/${it.time.pattern}/, 1].to_s`,
      it.isDated && [`  # ${STALE}`, `  return false if ${age(it)}.abs > ${it.tolerance}`],
      "",
      judge(it),
      mayRaise && ["rescue ArgumentError", "  false"],
      "end",
      "",
      "# In Rails or Rack, genuine? is all you need. What follows is a server of nothing but Ruby's own library.",
      'server = TCPServer.new(Integer(ENV.fetch("PORT", "3000")))',
      "loop do",
      "  Thread.new(server.accept) do |client|",
      "    client.binmode.gets",
      '    lines = client.each_line("\\r\\n", chomp: true).take_while { |line| !line.empty? }',
      "    headers = lines.to_h { |line| line.split(/:\\s*/, 2) }.transform_keys(&:downcase)",
      '    body = client.read(headers["content-length"].to_i)',
      "    # The event is yours where genuine? says so: JSON.parse(body)",
      '    status = genuine?(headers, body) ? "204 No Content" : "401 Unauthorized"',
      '    client.write "HTTP/1.1 #{status}\\r\\nConnection: close\\r\\n\\r\\n"',
      "  ensure",
      "    client.close",
      "  end",
      "end",
    );
  },
};

const quote = (text) => JSON.stringify(text).replace(/#(?=[{$@])/g, "\\#");

function template(parts) {
  if (parts.length === 1 && parts[0].name) return parts[0].name;
  return `"${parts.map((part) => (part.name ? `#{${part.name}}` : quote(part).slice(1, -1))).join("")}"`;
}

function secretKey(encoding) {
  const secret = 'ENV.fetch("WEBHOOK_SECRET")';
  const decoded = {
    hex: [`# ${HEX_SECRET}`, `KEY = [${secret}.rpartition("_").last].pack("H*")`],
    base64: [`# ${BASE64_SECRET}`, `KEY = ${secret}.rpartition("_").last.unpack1("m")`],
    whsec: [
      `# ${WHSEC_SECRET}`,
      `SECRET = ${secret}`,
      'KEY = SECRET.start_with?("whsec_") ? SECRET.delete_prefix("whsec_").unpack1("m") : SECRET',
    ],
  };
  return decoded[encoding] ?? `KEY = ${secret}`;
}

function publicKey(value) {
  return [
    "# Behind whpk_ are the key's 32 bytes in base64; OpenSSL reads them behind a head that never changes.",
    `BYTES = ${value}.delete_prefix("whpk_").unpack1("m")`,
    'KEY = OpenSSL::PKey.read(["302a300506032b6570032100"].pack("H*") + BYTES)',
  ];
}

function age({ timeFormat }) {
  if (timeFormat === "seconds") return "(Time.now.to_i - timestamp.to_i)";
  if (timeFormat === "milliseconds") return "(Time.now.to_f - timestamp.to_i / 1000.0)";
  return `(Time.now - Time.${timeFormat === "rfc3339" ? "iso8601" : "httpdate"}(timestamp))`;
}

function judge(it) {
  const all = runs(it.content);
  const { encoding } = it;
  if (it.isPublic) {
    const read = {
      base64: 'signature.unpack1("m")',
      base64url: 'signature.tr("-_", "+/").unpack1("m")',
    };
    const bytes = all.map((run) => (run ? `${template(run)}.b` : "body"));
    return [
      `  content = ${bytes.join(" + ")}`,
      `  header.scan(/${it.signatures.replace("+/]", "+\\/]")}/).flatten.any? do |signature|`,
      `    KEY.verify(nil, ${read[encoding] ?? '[signature].pack("H*")'}, content)`,
      "  end",
    ];
  }
  const fed = all.map((run) => ` << ${run ? template(run) : "body"}`).join("");
  const written = {
    hex: "hmac.hexdigest",
    "hex-upper": "hmac.hexdigest.upcase",
    base64: '[hmac.digest].pack("m0")',
    base64url: '[hmac.digest].pack("m0").tr("+/", "-_").delete("=")',
  };
  const same = (given) => `OpenSSL.secure_compare(${given}, expected)`;
  return [
    `  hmac = OpenSSL::HMAC.new(KEY, "${it.hash.toUpperCase()}")${fed}`,
    `  signature = ${written[encoding]}`,
    `  expected = ${template(it.item)}`,
    it.separator
      ? [`  # ${SEVERAL}`, `  header.split(${quote(it.separator)}).any? { |item| ${same("item")} }`]
      : `  ${same("header")}`,
  ];
}
