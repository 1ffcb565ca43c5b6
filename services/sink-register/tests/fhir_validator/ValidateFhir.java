import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * Validates FHIR R4 files with HAPI against the standard's own profiles, invariants and code systems.
 *
 * <p>Prints one line for each file, in their order: {@code valid}, or the first error.
 */
public final class ValidateFhir {
    public static void main(String[] files) throws Exception {
        var context = FhirContext.forR4();
        var validator = context.newValidator();
        validator.registerValidatorModule(new FhirInstanceValidator(new ValidationSupportChain(
                new DefaultProfileValidationSupport(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context))));
        for (String file : files) {
            var messages = validator.validateWithResult(Files.readString(Path.of(file))).getMessages();
            System.out.println(messages.stream()
                    .filter(message -> message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
                    .findFirst()
                    .map(ValidateFhir::line)
                    .orElse("valid"));
        }
    }

    private static String line(SingleValidationMessage message) {
        return (message.getLocationString() + ": " + message.getMessage()).replace('\n', ' ');
    }
}
