#include "builders.hpp"

#include <kai/apply/keeper.hpp>

namespace kai::apply {
namespace {

using test::json;
using testing::ElementsAre;
using testing::IsEmpty;

// "who: what to change", or "nobody".
std::string keeper(std::string_view metadata) {
  model::Json object{{"kind", "ConfigMap"}, {"metadata", json(metadata)}};
  object["metadata"]["namespace"] = "team";
  const auto found = keeper_of(model::Resource(std::move(object)));
  return found ? found->who + ": " + found->change : "nobody";
}

TEST(KeeperOf, AControllerOwnsWhatItMakes) {
  EXPECT_EQ(keeper(R"({"ownerReferences": [{"kind": "Backup", "name": "x"},
                       {"kind": "ReplicaSet", "name": "web-5d", "controller": true}]})"),
            "ReplicaSet team/web-5d: that");
  EXPECT_EQ(keeper(R"({"ownerReferences": [{"kind": "Backup", "name": "x"}]})"), "nobody");
}

TEST(KeeperOf, KnowsHelmAndGitOpsByTheirMarks) {
  EXPECT_EQ(keeper(R"({"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations":
                      {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}})"),
            "Helm release shop/web: its values or its chart");
  EXPECT_EQ(keeper(R"({"annotations": {"argocd.argoproj.io/tracking-id":
                      "shop:apps/Deployment:shop/web"}})"),
            "Argo CD application shop: what it is made from");
  EXPECT_EQ(keeper(R"({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps",
                      "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}})"),
            "Flux Kustomization flux-system/apps: what it is made from");
  // Flux installs by Helm's own means, and would put everything back.
  EXPECT_EQ(keeper(R"({"labels": {"helm.toolkit.fluxcd.io/name": "web",
                      "app.kubernetes.io/managed-by": "Helm"}})"),
            "Flux HelmRelease web: what it is made from");
}

TEST(KeeperOf, TheLabelNamesOthersButNotUs) {
  EXPECT_EQ(keeper(R"({"labels": {"app.kubernetes.io/managed-by": "Terraform"}})"),
            "Terraform: what it is made from");
  EXPECT_EQ(keeper(R"({"labels": {"app.kubernetes.io/managed-by": "kubectl-ai"}})"), "nobody");
  EXPECT_EQ(keeper(R"({})"), "nobody");
}

model::Resource managed(const std::string& manager, const std::string& operation,
                        const std::string& fields) {
  return model::Resource(json(R"({"metadata": {"managedFields": [{"manager": ")" + manager +
                              R"(", "operation": ")" + operation + R"(", "fieldsV1": )" + fields +
                              "}]}}"));
}

TEST(AppliedByOthers, NamesTheFieldsThatSomebodyApplies) {
  const std::vector<model::Difference> fields = {{".spec.egress", json("[]"), json("[1]")},
                                                 {".metadata.labels.a", std::nullopt, json("1")}};
  const std::string owned = R"({"f:spec": {"f:egress": {}}})";
  EXPECT_THAT(applied_by_others(managed("argo", "Apply", owned), fields),
              ElementsAre(Conflict{"argo", ".spec.egress"}));
  EXPECT_THAT(applied_by_others(managed("kubectl-edit", "Update", owned), fields), IsEmpty());
  EXPECT_THAT(applied_by_others(managed("kubectl-ai", "Apply", owned), fields), IsEmpty());
  EXPECT_THAT(
      applied_by_others(managed("argo", "Apply", R"({"f:spec": {"f:egressive": {}}})"), fields),
      IsEmpty());
}

}  // namespace
}  // namespace kai::apply
