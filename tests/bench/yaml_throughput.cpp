// yaml_throughput: megabytes of manifests a second that the codec reads to JSON, and to the
// audit's facts, beside libyaml's bare events and yaml-cpp's nodes, one thread each.
//
// All of them read the same text in turns; the median of the rounds counts. Prints lines
// "what: value" for tests/bench/run.
#include <yaml-cpp/yaml.h>
#include <yaml.h>
#include <kai/audit/facts/builder.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace {

constexpr std::size_t k_bytes = std::size_t{16} << 20;
constexpr int k_rounds = 5;

// What people keep in repositories: mostly short plain scalars, some quotes, comments,
// flow collections and block texts.
std::string manifest(int number) {
  const std::string name = "worker-" + std::to_string(number);
  const std::string team = "team-" + std::to_string(number % 40);
  return "---\n# Written for " + team + R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: )" +
         name + R"(
  namespace: )" +
         team + R"(
  labels:
    app.kubernetes.io/name: )" +
         name + R"(
    app.kubernetes.io/part-of: training
    team: )" +
         team + R"(
  annotations:
    description: "Trains the model of )" +
         team + R"("
spec:
  replicas: 3
  selector:
    matchLabels: {app.kubernetes.io/name: )" +
         name + R"(}
  template:
    metadata:
      labels: {app.kubernetes.io/name: )" +
         name + R"(, team: )" + team + R"(}
    spec:
      securityContext:
        runAsNonRoot: true
      tolerations:
      - key: nvidia.com/gpu
        operator: Exists
        effect: NoSchedule
      containers:
      - name: main
        image: registry.example.org/)" +
         team + R"(/trainer:1.4.2
        command: ["/bin/sh", "-c"]
        args:
        - |
          set -eu
          exec train --config /etc/train.yaml --name )" +
         name + R"(
        env:
        - name: NCCL_DEBUG
          value: 'WARN'
        - name: BATCH
          value: "64"
        resources:
          requests: {cpu: "4", memory: 16Gi, nvidia.com/gpu: 2}
          limits: {cpu: "8", memory: 32Gi, nvidia.com/gpu: 2}
        volumeMounts:
        - {name: shm, mountPath: /dev/shm}
      volumes:
      - name: shm
        emptyDir: {medium: Memory, sizeLimit: 16Gi}
)";
}

std::string manifests() {
  std::string text;
  for (int i = 0; text.size() < k_bytes; ++i) text += manifest(i);
  return text;
}

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "%s does not read the manifests\n", what);
  std::exit(1);
}

void read_documents(const std::string& text, const std::function<void(kai::model::Json&&)>& use) {
  const auto read = kai::model::parse_yaml_stream(
      text, {}, [&](kai::Result<kai::model::YamlDocument>&& document) -> kai::Result<> {
        if (!document) return kai::fail(std::move(document).error());
        use(std::move(document->value));
        return {};
      });
  if (!read) die("the codec");
}

void read_to_facts(const std::string& text) {
  kai::audit::FactsBuilder builder({});
  read_documents(text, [&](kai::model::Json&& object) { builder.add(object); });
  builder.finish();
}

void read_events(const std::string& text) {
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                               text.size());
  for (bool more = true; more;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) die("libyaml");
    more = event.type != YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
}

struct Reader {
  const char* what;
  std::function<void(const std::string&)> read;
  std::vector<double> speeds{};

  [[nodiscard]] double speed() {
    std::sort(speeds.begin(), speeds.end());
    return speeds[speeds.size() / 2];
  }
};

}  // namespace

int main() {
  const std::string text = manifests();
  std::array readers = {
      Reader{"codec, YAML to JSON",
             [](const std::string& all) { read_documents(all, [](kai::model::Json&&) {}); }},
      Reader{"codec, YAML to the audit's facts", read_to_facts},
      Reader{"libyaml, events alone", read_events},
      Reader{"yaml-cpp, nodes", [](const std::string& all) { YAML::LoadAll(all); }}};
  for (int round = 0; round < k_rounds; ++round) {
    for (Reader& reader : readers) {
      const auto started = std::chrono::steady_clock::now();
      reader.read(text);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
      reader.speeds.push_back(static_cast<double>(text.size()) / 1e6 / took.count());
    }
  }
  for (Reader& reader : readers) std::printf("%s: %.1f MB/s\n", reader.what, reader.speed());
  std::printf("JSON, share of libyaml's events: %.2f\n", readers[0].speed() / readers[2].speed());
  std::printf("JSON, times yaml-cpp: %.1f\n", readers[0].speed() / readers[3].speed());
}
