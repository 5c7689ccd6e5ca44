package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	gen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type golang struct{}

func (golang) Command(ctx context.Context, engine string, req *pulumirpc.RunRequest) (*exec.Cmd, error) {
	folder, err := os.MkdirTemp("", "pulumi-go-")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(folder, "program")
	err = run(ctx, req.Info.ProgramDirectory, os.Stdout, os.Stderr, "go", "build", "-o", program, ".")
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program)
	command.Dir = req.Pwd
	command.Env = append(os.Environ(),
		pulumi.EnvOrganization+"="+req.Organization,
		pulumi.EnvProject+"="+req.Project,
		pulumi.EnvPulumiRootDirectory+"="+req.Info.RootDirectory,
		pulumi.EnvStack+"="+req.Stack,
		pulumi.EnvDryRun+"="+strconv.FormatBool(req.DryRun),
		pulumi.EnvParallel+"="+strconv.Itoa(int(req.Parallel)),
		pulumi.EnvMonitor+"="+req.MonitorAddress,
		pulumi.EnvEngine+"="+engine,
	)
	return command, nil
}

func (golang) Plugin(context.Context, *pulumirpc.RunPluginRequest) (*exec.Cmd, error) {
	return nil, errors.New("this host runs no plugins in Go")
}

func (golang) Install(
	ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer,
) error {
	return run(ctx, req.Info.ProgramDirectory, stdout, stderr, "go", "mod", "tidy")
}

func (golang) Generate(pkg *schema.Package, dependencies map[string]string, _ bool, _ schema.ReferenceLoader,
) (map[string][]byte, error) {
	return gen.GeneratePackage("pulumi-language-go", pkg, dependencies)
}

func (golang) Link(ctx context.Context, info *pulumirpc.ProgramInfo, _, sdk string) (string, error) {
	edited, err := output(ctx, filepath.Join(info.ProgramDirectory, sdk), "go", "mod", "edit", "-json")
	if err != nil {
		return "", err
	}
	var generated struct{ Module struct{ Path string } }
	if err := json.Unmarshal(edited, &generated); err != nil {
		return "", err
	}
	module := generated.Module.Path
	replace := fmt.Sprintf("-replace=%s=./%s", module, filepath.ToSlash(sdk))
	_, err = output(ctx, info.ProgramDirectory, "go", "mod", "edit", replace)
	return module, err
}
