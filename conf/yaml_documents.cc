#include "conf/yaml_documents.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <vector>

namespace sluice::conf {
namespace {

class DocumentStarts : public YAML::EventHandler {
 public:
  using Text = std::string;
  using Style = YAML::EmitterStyle::value;

  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const Text&, YAML::anchor_t, const Text&) override {}
  void OnSequenceStart(const YAML::Mark&, const Text&, YAML::anchor_t, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const Text&, YAML::anchor_t, Style) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

}  // namespace

std::optional<Position> second_document(const std::string& text) {
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  DocumentStarts starts;
  while (starts.marks.size() < 2 && parser.HandleNextDocument(starts)) {
  }
  if (starts.marks.size() < 2) return std::nullopt;
  const YAML::Mark& second = starts.marks[1];
  if (second.pos == starts.marks[0].pos) throw YAML::ParserException(second, "no value can begin here");
  return Position{second.line + 1, second.column + 1};
}

}  // namespace sluice::conf
