package main

import (
	"context"
	"encoding/json"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// The annotation by which Kubernetes records who made a volume.
const madeBy = "pv.kubernetes.io/provisioned-by"

// grow gives claims the size that they ask for. A folder has no size, so only the objects change: first the volume,
// then the claim, as the storage project's own resizer does it (it needs a newer Go than the other builds).
func grow(ctx context.Context, client kubernetes.Interface) {
	factory := informers.NewSharedInformerFactory(client, 0)
	factory.Core().V1().PersistentVolumeClaims().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { growOne(ctx, client, object.(*core.PersistentVolumeClaim)) },
		UpdateFunc: func(_, object any) { growOne(ctx, client, object.(*core.PersistentVolumeClaim)) },
	})
	factory.Start(ctx.Done())
}

func growOne(ctx context.Context, client kubernetes.Interface, claim *core.PersistentVolumeClaim) {
	wanted, has := claim.Spec.Resources.Requests[core.ResourceStorage], claim.Status.Capacity[core.ResourceStorage]
	if claim.Status.Phase != core.ClaimBound || wanted.Cmp(has) <= 0 {
		return
	}
	volumes := client.CoreV1().PersistentVolumes()
	volume, err := volumes.Get(ctx, claim.Spec.VolumeName, meta.GetOptions{})
	if err != nil || volume.Annotations[madeBy] != name {
		return
	}
	size := core.ResourceList{core.ResourceStorage: wanted}
	body, _ := json.Marshal(map[string]any{"spec": map[string]any{"capacity": size}})
	if _, err = volumes.Patch(ctx, volume.Name, types.MergePatchType, body, meta.PatchOptions{}); err == nil {
		body, _ = json.Marshal(map[string]any{"status": map[string]any{"capacity": size}})
		claims := client.CoreV1().PersistentVolumeClaims(claim.Namespace)
		_, err = claims.Patch(ctx, claim.Name, types.MergePatchType, body, meta.PatchOptions{}, "status")
	}
	if err != nil {
		klog.ErrorS(err, "Claim not grown", "claim", klog.KObj(claim))
	}
}
