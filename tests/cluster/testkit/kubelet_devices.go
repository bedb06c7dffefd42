package main

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The GPUs that a node has in its slots. They are advertised as nvidia.com/gpu for as
// long as a device plugin's pod runs on the node.
const annotationGPUs = "kubectl-ai.test/gpus"

const gpuResource = corev1.ResourceName("nvidia.com/gpu")

var replicasKey = regexp.MustCompile(`(?m)^\s*-?\s*replicas:\s*(\d+)\s*$`)

// advertised returns what the node's device plugin reports: how many there are and how
// many of them are healthy. Without hardware there is nothing to say ("").
func (k *kubelet) advertised(node *corev1.Node) (name corev1.ResourceName, count, healthy int64) {
	gpus, err := strconv.ParseInt(node.Annotations[annotationGPUs], 10, 64)
	if err != nil {
		return "", 0, 0
	}
	pods, _ := k.byNode.ByIndex(indexByNode, node.Name)
	for _, object := range pods {
		pod := object.(*corev1.Pod)
		if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil && isDevicePlugin(pod) {
			count = gpus * k.replicas(pod)
			return gpuResource, count, count
		}
	}
	if _, before := node.Status.Capacity[gpuResource]; !before {
		return "", 0, 0
	}
	// kubelet keeps the capacity of a plugin that went away and takes back the rest.
	capacity := node.Status.Capacity[gpuResource]
	return gpuResource, capacity.Value(), 0
}

// isDevicePlugin: a plugin is what mounts kubelet's registration directory.
func isDevicePlugin(pod *corev1.Pod) bool {
	for _, volume := range pod.Spec.Volumes {
		if volume.HostPath != nil && strings.HasPrefix(volume.HostPath.Path, "/var/lib/kubelet/device-plugins") {
			return true
		}
	}
	return false
}

// replicas is how often the plugin shares each GPU: its configuration comes as a
// ConfigMap volume.
func (k *kubelet) replicas(pod *corev1.Pod) int64 {
	for _, volume := range pod.Spec.Volumes {
		if volume.ConfigMap == nil {
			continue
		}
		config, err := k.client.CoreV1().ConfigMaps(pod.Namespace).Get(
			context.Background(), volume.ConfigMap.Name, metav1.GetOptions{})
		if err != nil {
			continue
		}
		for _, text := range config.Data {
			if match := replicasKey.FindStringSubmatch(text); match != nil {
				count, _ := strconv.ParseInt(match[1], 10, 64)
				return count
			}
		}
	}
	return 1
}
