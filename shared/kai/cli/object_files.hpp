// Kubernetes objects out of the files that -f names: for commands that need all of them,
// so that what cannot be read is an error and never left out.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/resource.hpp>

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace kai::cli {

// `where` is the first line of the document that it stands in.
using ObjectSink = std::function<Result<>(model::Resource&& object, const Location& where)>;

// Hands over every object, in order: of files, of directories (*.yaml, *.yml and *.json
// below them, hidden ones left out, by name) and of "-", which is `in`. Lists are taken
// apart. What is no Kubernetes object is passed over in a directory, and an error in a file
// that was named. Errors: the sink's; not_found, io; invalid_input with its place.
Result<> read_objects(const std::vector<std::string>& paths, std::istream& in,
                      const ObjectSink& sink);

}  // namespace kai::cli
