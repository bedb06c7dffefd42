#include "question.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kai::policy {
namespace {

std::string asked(const char* verb, const char* resource, const char* name = "") {
  const auto question = parse_question(verb, resource, name, nullptr);
  if (!question) return "error: " + question.error().message;
  std::string text = question->request.to_string();
  if (question->is_namespaced) text += " +ns";
  for (const std::string& warning : question->warnings) text += " !" + warning;
  return text;
}

TEST(Question, ResourcesAsTheyAreTyped) {
  EXPECT_EQ(asked("get", "pods"), "get pods +ns");
  EXPECT_EQ(asked("get", "po"), "get pods +ns");
  EXPECT_EQ(asked("get", "Pod", "web"), "get pods \"web\" +ns");
  EXPECT_EQ(asked("create", "pods/exec"), "create pods/exec +ns");
  EXPECT_EQ(asked("update", "deploy/scale"), "update deployments.apps/scale +ns");
  EXPECT_EQ(asked("update", "deployments.v1.apps"), "update deployments.apps +ns");
  EXPECT_EQ(asked("list", "events.events.k8s.io"), "list events.events.k8s.io +ns");
  EXPECT_EQ(asked("delete", "no"), "delete nodes");
  EXPECT_EQ(asked("get", "foos.example.org/status"), "get foos.example.org/status +ns");
  EXPECT_EQ(asked("get", "foos"), "get foos +ns");
}

TEST(Question, WhatOnlyRbacKnows) {
  EXPECT_EQ(asked("impersonate", "users", "eve"), "impersonate users \"eve\"");
  EXPECT_EQ(asked("impersonate", "userextras/scopes"),
            "impersonate userextras.authentication.k8s.io/scopes");
  EXPECT_EQ(asked("sign", "signers.certificates.k8s.io"), "sign signers.certificates.k8s.io");
  EXPECT_EQ(asked("impersonate", "sa"), "impersonate serviceaccounts +ns");
  EXPECT_EQ(asked("*", "*"), "* * +ns");
  EXPECT_EQ(asked("get", "*.apps"), "get *.apps +ns");
}

TEST(Question, ANamespaceIsInItself) {
  EXPECT_EQ(asked("patch", "ns", "team"), "patch namespaces \"team\" in namespace team");
  EXPECT_EQ(asked("list", "ns"), "list namespaces");
}

TEST(Question, Urls) {
  EXPECT_EQ(asked("get", "/metrics"), "get /metrics");
  EXPECT_EQ(asked("post", "/x/*"), "post /x/*");
  EXPECT_EQ(asked("list", "/metrics"), "list /metrics !no request has the verb \"list\" for a URL");
}

TEST(Question, VerbsThatNoRequestHas) {
  EXPECT_EQ(asked("gte", "pods"),
            "gte pods +ns !no request has the verb \"gte\": did you mean \"get\"?");
}

TEST(Question, Errors) {
  EXPECT_EQ(asked("get", "/metrics", "x"), "error: a URL has no name: \"x\" is one too many");
  EXPECT_EQ(asked("get", "pods/"), "error: \"pods/\" lacks a subresource");
  EXPECT_EQ(asked("get", ""), "error: a verb and a resource are needed");
  EXPECT_EQ(asked("", "pods"), "error: a verb and a resource are needed");
}

}  // namespace
}  // namespace kai::policy
