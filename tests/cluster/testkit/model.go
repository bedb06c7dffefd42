package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"
)

// A question about one of the types that kai/model has of its own; the fields that are
// set say which.
type question struct {
	Quantity      *string               `json:"quantity"`
	Other         string                `json:"other"`
	Selector      *string               `json:"selector"`
	LabelSelector *metav1.LabelSelector `json:"labelSelector"`
	Labels        map[string]string     `json:"labels"`
	Toleration    *corev1.Toleration    `json:"toleration"`
	Taint         corev1.Taint          `json:"taint"`
}

type verdict map[string]any

var refused = verdict{"error": true}

// runModel answers what Kubernetes' own code makes of each line of stdin: the oracle of
// integration/model_oracle_test.py.
func runModel(_ context.Context, _ []string) error {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	encoder := json.NewEncoder(output)
	for input.Scan() {
		var asked question
		if err := json.Unmarshal(input.Bytes(), &asked); err != nil {
			return err
		}
		if err := encoder.Encode(reply(asked)); err != nil {
			return err
		}
	}
	return input.Err()
}

func reply(asked question) verdict {
	switch {
	case asked.Quantity != nil:
		return calculate(*asked.Quantity, asked.Other)
	case asked.Selector != nil:
		return match(asked.Labels)(labels.Parse(*asked.Selector))
	case asked.LabelSelector != nil:
		return match(asked.Labels)(metav1.LabelSelectorAsSelector(asked.LabelSelector))
	default:
		return verdict{"matches": asked.Toleration.ToleratesTaint(klog.Background(), &asked.Taint, true)}
	}
}

func match(set labels.Set) func(labels.Selector, error) verdict {
	return func(selector labels.Selector, err error) verdict {
		if err != nil {
			return refused
		}
		return verdict{"text": selector.String(), "matches": selector.Matches(set)}
	}
}

func calculate(left, right string) verdict {
	a, err := resource.ParseQuantity(left)
	if err != nil {
		return refused
	}
	b, err := resource.ParseQuantity(right)
	if err != nil {
		return refused
	}
	sum, difference := a.DeepCopy(), a.DeepCopy()
	sum.Add(b)
	difference.Sub(b)
	return verdict{
		"text": canonical(a), "value": a.Value(), "milli": a.MilliValue(), "compare": a.Cmp(b),
		"sum": canonical(sum), "difference": canonical(difference),
	}
}

// String() may repeat a text as it was written.
func canonical(quantity resource.Quantity) string {
	digits, suffix := quantity.CanonicalizeBytes(make([]byte, 0, 64))
	return string(digits) + string(suffix)
}
